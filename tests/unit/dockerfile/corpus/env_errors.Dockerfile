FROM a
ENV
ENV k
ENV a=1 b c=3
ENV =x
LABEL
ARG
ARG =x
ENV --flag k=v
