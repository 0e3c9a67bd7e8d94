FROM a
RUN <<EOF
echo $x
  two
EOF
RUN cat <<'A' 3<<-"B" > /x
first $x
A
		second
	B
RUN <<EOF
#!/usr/bin/env python3
print(1)
EOF
RUN echo "<<EOF" '<<EOF' a<<b <<<word
RUN ["cat", "<<EOF"]
