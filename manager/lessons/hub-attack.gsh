#: title Attack on the hubs, with and without the ring
#: network preferential links only
#: peers 4
#: set overlay.strategy=pa
#: set overlay.links=2
#: set overlay.floor=0
#> Sixty peers come one after another. Each links with two that are there, the sooner the more links those have: a few become hubs.
repeat 56 { add 1; sleep 1s }
wait registered == 60 1m
wait connected 1m
#: keep hub degree.max
#: keep mean degree.mean
#? The peer with the most links has {hub}, the mean is {mean}. Twelve of the best linked are killed at once. How much of the rest hears what is said next?
repeat 12 { kill @hub }
say 7059 hello
sleep 300ms
#= {coverage(last)} of the survivors, 300 ms after it was said; nobody has repaired anything yet.
#: keep bare coverage(last)
#: network with a ring beneath
#: peers 4
#: set overlay.strategy=pa-ring
#: set overlay.links=2
#: set overlay.floor=0
#> The same peers, but links go to the neighbours on a ring as well, which all can compute from the list.
repeat 56 { add 1; sleep 1s }
wait registered == 60 1m
wait connected 1m
#: keep hub degree.max
#: keep mean degree.mean
#? Now the most links are {hub} and the mean is {mean}. The same attack: better, worse, the same?
repeat 12 { kill @hub }
say 7059 hello
sleep 300ms
#= {coverage(last)} of the survivors, against {bare} without the ring.
