FROM a
RUN --mount=type=bind,from=build,source=/s,target=/t,rw --mount=type=cache,target=/c,sharing=locked,mode=0700 --mount=type=tmpfs,dst=/tmp,size=64m --mount=type=secret,id=tok,env=TOKEN,required --mount=type=ssh --network=none --security=insecure make
RUN --mount=type=cache,target=$HOME/.cache --network=default true
