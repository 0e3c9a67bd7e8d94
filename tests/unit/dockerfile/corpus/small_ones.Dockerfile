FROM a
WORKDIR  /a b/c 
USER $u:$g
EXPOSE 80 443/tcp $P 1000-1010/UDP
VOLUME /a /b
VOLUME ["/c d"]
STOPSIGNAL SIGTERM
MAINTAINER A <a@b>
HEALTHCHECK NONE
HEALTHCHECK --interval=1m30s --timeout=5s --start-period=0s --start-interval=500ms --retries=3 CMD curl -f localhost || exit 1
HEALTHCHECK CMD ["/x"]
