repeat 3 {
  kill @random:2
  -wait removed 7001-7003,7005 5s
  repeat 2 { echo "a \" b" }
}
