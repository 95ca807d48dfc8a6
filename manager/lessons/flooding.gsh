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
#> Now a peer in the middle dies, and before anybody has noticed, another message is said.
#? Does everybody that lives still hear it?
kill @hub
say 7000 still there?
sleep 200ms
#= {coverage(last)} of the living peers have it, 200 ms later.
#: keep mesh_coverage coverage(last)
#: network all but a tree, one link each
#: peers 30
#: set overlay.links=1
#: set overlay.strategy=pa
#: set overlay.floor=0
#> The same peers, but each newcomer links with only one that is there already, and there is no ring: a tree, but for a link or two that peers opened to each other at the same time.
#? How many copies does the same message cost now?
say 7000 hello
wait reached last == all 30s
sleep 1s
#= {copies(last)} copies, {duplicates(last)} of them for nothing, against {mesh_copies} over the mesh; {hops(last)} hops, against {mesh_hops}.
#? And when the best linked peer dies just before a message is said?
kill @hub
say 7000 still there?
sleep 200ms
#= {coverage(last)} of the living peers have it, against {mesh_coverage} over the mesh. The copies that seemed to be for nothing are what holds it together.
