
# escape=`
FROM a
RUN x `
