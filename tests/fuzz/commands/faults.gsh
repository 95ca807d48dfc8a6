partition 7000,7001 | peers | @hub
link 7000 -> 7001 delay 50ms jitter 1ms loss 10% dup 1% reorder 5% rate 64KB/s clear cut
delay all 1m 2s
loss seeds 0.5%
churn 0.5/s 5m
heal
