#!/bin/sh
# A bot for `qun robot --join --exec examples/bots/dice.sh --name dice`: `@dice 20` throws a die with
# twenty sides, `@dice anything` one with six. A line in, a line out; it is started once.
while read -r sides; do
	case $sides in
	'' | *[!0-9]* | 0*) sides=6 ;;
	esac
	random=$(od -An -N4 -tu4 /dev/urandom)
	echo "$((random % sides + 1)) (1–$sides)"
done
