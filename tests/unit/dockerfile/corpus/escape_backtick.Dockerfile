# escape=`
FROM a
COPY c:\dir `
  d:\
RUN dir `
  /b
ENV p=c:\x` y
