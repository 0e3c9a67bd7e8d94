# escape=x
# escape=`
# check=fast
FROM a
