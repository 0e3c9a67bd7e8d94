ARG V=1 W
FROM --platform=$BUILDPLATFORM go:${V} AS Build
FROM scratch
COPY --from=Build /x /y
COPY --from=0 a b /dir/
from build as final-2.x_y
