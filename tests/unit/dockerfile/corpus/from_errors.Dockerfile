FROM
FROM a b
FROM a AS
FROM a AS 1x
FROM a AS x y
FROM --platfrom=x a
