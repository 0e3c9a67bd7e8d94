FROM a
RUN one \
  two
ENV k=v
RUN <<EOF
body
EOF
