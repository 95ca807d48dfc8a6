#: title A minority cannot decide
#: seeds 3
#: peers 8
#> Three seeds; two are a quorum. Seed 6000 is cut off from the others, together with the peers 7000 to 7002.
partition 6000,7000-7002 | 6001,6002,7003-7007
sleep 1s
#? A peer dies on each side: 7001 beside the lonely seed, 7006 on the other side. Which seeds strike whom off their list?
kill 7001
kill 7006
sleep 3m
#= The lonely seed struck off nobody: it is in epoch {epoch(6000)} still. The other two are in epoch {epoch(6001)}: they removed 7006 {removed(7006)} and 7001 {removed(7001)}; and 7000 {removed(7000)}, as nobody there could reach it.
#? The links are healed. Whose list holds? And what do the living do that were removed?
heal
wait agree 2m
wait registered == 6 3m
wait agree 1m
#= All seeds hold one list: 6000 is in epoch {epoch(6000)}, 6001 in epoch {epoch(6001)}. The minority took over what the majority had decided, and who was removed alive has registered again: {registered} members.
