#: title Three missed pings are not 39 seconds of silence
#: peers 8
#: set liveness.interval=13s
#: set liveness.misses=3
#> Peers ping their neighbours every 13 s, and three pings without an answer make a suspect. Three times 13 is 39.
#? A peer stalls for two seconds out of every 13, again and again, and answers in between. Is it removed?
repeat 4 { pause 7003; sleep 2s; resume 7003; sleep 11s }
#= It was suspected {suspected(7003)}, and removed {removed(7003)}. Failed samples in a row are no silence: what counts is when it was last heard.
#? Now it is frozen for good, at a moment that nobody chose. After how long is it suspected: before 39 s, after exactly 39 s, or later?
pause 7005
wait removed 7005 3m
#= Suspected {suspected(7005)}, removed {removed(7005)}. Where the pings happened to stand when it froze decides, within one interval; then witnesses and seeds try for themselves.
