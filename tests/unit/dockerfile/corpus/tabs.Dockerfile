FROM	a	AS	b
RUN	echo	\
		hi
COPY	a	/b
