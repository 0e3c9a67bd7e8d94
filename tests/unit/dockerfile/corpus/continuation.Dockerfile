FROM a
RUN one \
  # a comment inside
  two \   

  three\\
RUN x \


 y
RUN last \
