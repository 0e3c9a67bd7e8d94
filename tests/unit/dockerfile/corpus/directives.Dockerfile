#syntax=docker/dockerfile:1.7
# check = skip=JSONArgsRecommended, StageNameCasing;error=true
# other=1
# escape=\
#
# escape=`
FROM a
