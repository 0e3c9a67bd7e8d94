# build stage
FROM a AS b
# detached

# attached one
# attached two
ARG x
  # indented
  RUN   x # not a comment
