FROM a
COPY <<one.txt <<"two" real /dir/
hello $name
one.txt
raw $name
two
ADD --chmod=644 <<-EOF /etc/motd
	hi
	EOF
ONBUILD RUN <<X
body
X
