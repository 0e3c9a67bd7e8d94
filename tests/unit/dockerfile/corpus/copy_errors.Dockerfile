FROM a
COPY
COPY one
COPY --from=$x a b
COPY --chmod a b
COPY --link=maybe a b
COPY --unpack a b
ADD --from=x a b
COPY --chown=a --chown=b a b
COPY [1, 2]
COPY --chwon=a b c
