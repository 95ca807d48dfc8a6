wait registered == 5 20s
expect degree.max >= 5 # the hub
say 7000 it's "fine"; trace last
