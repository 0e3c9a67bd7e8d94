FROM debian:bookworm
RUN apt-get update
CMD ["/bin/sh"]
