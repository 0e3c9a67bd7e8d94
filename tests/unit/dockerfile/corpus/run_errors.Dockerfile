FROM a
RUN
RUN --mount=type=bind
RUN --mount=type=nfs,target=/x x
RUN --mount=type=cache,target=/x,shraing=locked x
RUN --mount=type=cache,target=/x,sharing=some x
RUN --mount=from=$x,target=/y x
RUN --network=bridge x
RUN --security=weak x
RUN --mount= x
RUN --mount=type=bind,target=/ x
RUN --mount=type=tmpfs,target=/x,size=1q x
RUN --device=gpu x
RUN ["a", 1]
