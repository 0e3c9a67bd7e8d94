from a as B
Run x
enV k=v
