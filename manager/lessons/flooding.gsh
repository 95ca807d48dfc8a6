#: title Flooding against a tree: what robustness costs
#: network a mesh of three links each
#: peers 30
#: set overlay.links=3
#> Thirty peers, each linked with a few others. Who hears a message for the first time passes it on over all its links.
#? Thirty peers have to hear one message. How many copies are sent for that, and how many of them are for nothing?
say 7000 hello
wait reached last == all 30s
sleep 1s
#= {copies(last)} copies arrived, {duplicates(last)} of them at peers that had the message already; the last peer had it after {spread(last)} and {hops(last)} hops.
#: keep mesh_copies copies(last)
#: keep mesh_hops hops(last)
#> Now four peers die, and before anybody has noticed, another message is said.
#? Does everybody that lives still hear it?
kill @random:4
say 7000 still there?
sleep 200ms
#= {coverage(last)} of the living peers have it, 200 ms later.
#: keep mesh_coverage coverage(last)
#: network the same mesh, its messages over a tree
#: peers 30
#: set overlay.links=3
#: set gossip.mode=tree
#: set gossip.copies=1
#> The same peers and links. But who gets a copy of what it has already tells the sender to send no messages over that link any more, only announcements of them: what is left after a few messages is a tree.
say 7000 one
wait reached last == all 30s
sleep 1s
say 7010 two
wait reached last == all 30s
sleep 1s
say 7020 three
wait reached last == all 30s
sleep 1s
#? How many copies does the same message cost now?
say 7000 hello
wait reached last == all 30s
sleep 1s
#= {copies(last)} copies, {duplicates(last)} of them for nothing, against {mesh_copies} over the mesh; {hops(last)} hops, against {mesh_hops}.
#? And when the four die just before a message is said?
kill @random:4
say 7000 still there?
sleep 200ms
#= {coverage(last)} of the living peers have it 200 ms later, against {mesh_coverage} over the mesh. The copies that seemed to be for nothing are what holds it together.
#? Who has not got it was told that it exists, over the links that carry no messages. What happens next?
wait reached last == all 30s
#= Whoever missed it for 400 ms asked for it, and that link is part of the tree again: all have it, {spread(last)} after it was said.
