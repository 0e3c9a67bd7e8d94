FROM a
COPY --chown=u:g --chmod=u+x,g-w --link --parents --exclude=*.o --exclude=a/** ./a ./b/ /c/
ADD --checksum=sha256:00 --keep-git-dir=true --unpack=false https://example.org/x.git#v1 /x
COPY ["a b", "c d/"]
COPY --link=false "a b" c
COPY -- --odd /x
