#: title A split vote: who is right when seeds disagree?
#: seeds 4
#: peers 8
#> Four seeds. A change of the list needs more than half of them: three.
#? Peer 7004 is cut off from all other peers and from two of the four seeds; the other two reach it very well. Is it removed?
partition 7004 | 6000,6001,7000-7003,7005-7007
sleep 3m
#= {unanswered(7004)} of four seeds could not reach it, {answered(7004)} could. Both are right, and neither are three: {registered} members are alive and listed, and 7004, removed {removed(7004)}, is one of them. Reports of peers do not count as votes; each seed tries for itself.
#> Who reaches it again hears of it again.
heal
wait agree 1m
wait connected 1m
#= After the links are healed {registered} peers are members, and 7004 has {degree(7004)} links.
#? Now it is cut off from everybody. And now?
partition 7004
wait removed 7004 5m
#= Removed with {votes(remove 7004).yes} votes of four.
