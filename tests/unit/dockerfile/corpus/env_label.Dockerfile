FROM a
ENV a=1 b="two words" c='x y' d=e\ f g="q\"q"
ENV legacy the rest  of it
LABEL "com.example"="v" x.y=z\
  more=1
LABEL old form
ENV e=
ENV p=${x:-a b}
ARG one two=2 three="a b"
ENV k=v=w
