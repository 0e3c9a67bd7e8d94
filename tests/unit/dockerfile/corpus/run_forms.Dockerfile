FROM a
RUN ["a", "b\n\u00e9\ud83d\ude00"]
RUN [ "a" ] && b
RUN ['single']
RUN [ -f /x ] && true
RUN []
RUN   spaced   out  
RUN ["open
CMD echo "hi"   $x
ENTRYPOINT ["/e",]
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
