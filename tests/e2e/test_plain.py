"""The plain dialect, sentence by sentence."""

import re
import socket
import time
import unicodedata

import pytest
from plain import (
    Crowd,
    Plain,
    enter_many,
    entered,
    left,
    loopback_sources,
    said,
    shouted,
)
from tools import IS_ROOT, eventually, plain_environment, qun

RENAMED = {"zh": "{} 改名为 {}", "en": "{} is now {}"}
FAST = ("--rate", "100000:100000")


def is_sentence(text, language="zh"):
    """One line for people, in their language, which a classroom client can read."""
    its_words = {"zh": r"[\u4e00-\u9fff]{2}", "en": r"[a-z]{3}"}[language]
    return (
        text not in ("OK", "EXIT")
        and "\n" not in text
        and len(text.encode()) <= 128
        and bool(re.search(its_words, text))
    )


def refused(member, request, language="zh"):
    """Sends what has to be refused; the sentence."""
    member.send(request)
    answer = member.next()
    assert is_sentence(answer, language), f"{request!r} was answered {answer!r}"
    return answer


# ---- Enter, say, leave ---------------------------------------------------------------------------


@pytest.mark.asan
def test_enter_say_leave(serve, language):
    """The seed's four sentences, in both languages; the sender does not get its own message."""
    server = serve(language=language)
    ming, hong = Crowd(server, ["小明", "小红"])
    ming.say("你好")
    hong.expect(said("小明", "你好", language))
    hong.say("hello there")
    ming.expect(said("小红", "hello there", language))
    server.admin_ok("shout", "下课了")
    for member in (ming, hong):
        member.expect(shouted("下课了", language))
    hong.send("Q 小红").expect("EXIT")
    ming.expect(left("小红", language))
    assert not ming.pending() and not hong.pending()


def test_default_language_is_chinese(serve):
    """Whatever LANG says: the room's language is the room's."""
    server = serve(env=plain_environment(LANG="en_US.UTF-8"))
    ming, _ = Crowd(server, ["小明", "小红"])
    assert entered("小红") in ming.lines


@pytest.mark.asan
def test_say_without_name(serve):
    ming, hong = Crowd(serve(), ["小明", "小红"])
    ming.send("C 你好 大家")
    hong.expect("小明说: 你好 大家")


@pytest.mark.asan
def test_first_word_is_a_name_only_if_it_is_ones_own(serve):
    alice, hong = Crowd(serve(), ["Alice", "小红"])
    for request, text in {
        "C Alice hi": "hi",
        "C ALICE hi": "hi",
        "C ａｌｉｃｅ hi": "hi",
        "C 小红 hi": "小红 hi",
        "C Alicehi": "Alicehi",
        "C Alice Alice hi": "Alice hi",
        "C admin hi": "admin hi",
        "C 管理员: hi": "管理员: hi",
    }.items():
        alice.send(request)
        hong.expect(f"Alice说: {text}")


def test_one_blank_separates(serve):
    ming, hong = Crowd(serve(), ["小明", "小红"])
    for request, text in {
        "C 小明  two": " two",
        "C 小明 end ": "end ",
        "C  小明 x": " 小明 x",
        "C 小明\tx": "小明\tx",
    }.items():
        ming.send(request)
        hong.expect(f"小明说: {text}")


@pytest.mark.asan
def test_one_line_end_before_and_after(serve):
    ming, hong = Crowd(serve(), ["小明", "小红"])
    for request, text in {
        "C 小明 a\n": "a",
        "\nC 小明 b": "b",
        "\nC 小明 c\n": "c",
        "C 小明 d\r\n": "d",
        "\r\nC 小明 e": "e",
        "C 小明 f\n\n": "f\n  ",
        "C 小明 g\nh\n": "g\n  h",
        "C 小明 \ni": "\n  i",
    }.items():
        ming.send(request)
        hong.expect(f"小明说: {text}")


def test_line_ends_around_other_letters(serve):
    server = serve()
    ming = Plain(server)
    ming.send("\nL 小明\n").expect("OK")
    hong = Plain(server).enter("小红")
    ming.expect("小红 进入了聊天室")
    hong.send("Q 小红\r\n").expect("EXIT")
    ming.expect("小红 退出了聊天室")
    ming.send("Q\n").expect("EXIT")


def test_leave_without_name(serve):
    ming, hong = Crowd(serve(), ["小明", "小红"])
    hong.send("Q").expect("EXIT")
    ming.expect("小红 退出了聊天室")


@pytest.mark.asan
def test_leaving_again_is_exit_again(serve):
    ming, hong = Crowd(serve(), ["小明", "小红"])
    hong.send("Q 小红").expect("EXIT")
    hong.send("Q 小红").expect("EXIT")
    hong.send("Q").expect("EXIT")
    ming.expect("小红 退出了聊天室")
    hong.enter("小红")
    ming.expect("小红 进入了聊天室")


@pytest.mark.asan
def test_nobody_leaves_for_another(serve, language):
    ming, hong = Crowd(serve(language=language), ["小明", "小红"])
    refused(hong, "Q 小明", language)
    ming.say("still here")
    hong.expect(said("小明", "still here", language))
    hong.say("me too")
    ming.expect(said("小红", "me too", language))


def test_a_stranger_cannot_end_a_member(serve):
    server = serve()
    ming, hong = Crowd(server, ["小明", "小红"])
    stranger = Plain(server)
    refused(stranger, "Q 小明")
    ming.say("still here")
    hong.expect("小明说: still here")


@pytest.mark.asan
def test_saying_before_entering_is_refused(serve, language):
    server = serve(language=language)
    ming = Plain(server).enter("小明")
    stranger = Plain(server)
    refused(stranger, "C 小明 hello", language)
    refused(stranger, "C hello", language)
    stranger.enter("小红")
    ming.expect(entered("小红", language))


def test_nobody_speaks_as_another(serve):
    """What an address says is said under its own name, whoever it says it is."""
    server = serve()
    ming, hong, gang = Crowd(server, ["小明", "小红", "小刚"])
    hong.send("C 小明 I am 小明")
    ming.expect("小红说: 小明 I am 小明")
    gang.expect("小红说: 小明 I am 小明")


# ---- L -------------------------------------------------------------------------------------------


def test_repeated_enter_does_not_hurt(serve):
    ming, hong = Crowd(serve(), ["小明", "小红"])
    hong.send("L 小红").expect("OK")
    hong.say("x")
    ming.expect("小红说: x")


@pytest.mark.asan
def test_rename(serve, language):
    server = serve(language=language)
    ming, hong = Crowd(server, ["小明", "小红"])
    hong.send("L 大红").expect("OK")
    ming.expect(RENAMED[language].format("小红", "大红"))
    hong.send("C 大红 new").send("C 小红 old")
    ming.expect(said("大红", "new", language), said("大红", "小红 old", language))
    # The old name is free, the new one is not.
    other = Plain(server).enter("小红")
    ming.expect(entered("小红", language))
    hong.expect(entered("小红", language))
    refused(other, "L 大红", language)
    other.say("same")
    ming.expect(said("小红", "same", language))


@pytest.mark.asan
@pytest.mark.parametrize(
    "first, second",
    [
        ("小明", "小明"),
        ("Alice", "aLICE"),
        ("Alice", "Ａｌｉｃｅ"),
        ("André", "Andre\u0301"),
        ("한글", unicodedata.normalize("NFD", "한글")),
        ("ガ", "ｶﾞ"),
        ("Åsa", "\u212bsa"),
    ],
)
def test_names_are_unique(serve, first, second):
    server = serve()
    holder = Plain(server).enter(first)
    answer = refused(Plain(server), f"L {second}")
    assert first in answer or second in answer
    # The holder is asked whether it is there, and is.
    Plain(server).enter("小红")
    holder.find("小红 进入了聊天室")


def test_name_is_shown_as_typed(serve):
    ming, _ = Crowd(serve(), ["小明", "ＡＬＩＣＥ"])
    assert ming.lines[1:] == ["ＡＬＩＣＥ 进入了聊天室"]


def test_names_at_the_limits(serve):
    server = serve(*FAST)
    watcher = Plain(server).enter("看")
    for name in ["名" * 32, "n" * 32, "😀" * 24, "0", "007", "a#b", "a:b", "é" * 32, "[x]{y}"]:
        Plain(server).enter(name)
        watcher.expect(f"{name} 进入了聊天室")


BAD_NAMES = {
    "empty": "",
    "33 code points": "n" * 33,
    "97 bytes": "😀" * 24 + "a",
    "33 Chinese": "名" * 33,
    "a blank inside": "小 明",
    "an ideographic blank": "小\u3000明",
    "a no-break blank": "小\u00a0明",
    "a tab": "小\t明",
    "a line feed": "小\n明",
    "an escape": "\x1b[31m红",
    "a C1 control": "a\u0085b",
    "bidirectional override": "abc\u202etxt",
    "bidirectional isolate": "a\u2066b",
    "right-to-left mark": "a\u200fb",
    "exclamation": "a!b",
    "at": "a@b",
    "comma": "a,b",
    "star": "a*b",
    "question": "a?b",
    "first :": ":a",
    "first #": "#a",
    "first &": "&a",
    "first $": "$a",
    "first ~": "~a",
    "first %": "%a",
    "first +": "+a",
}

RESERVED = [
    "管理员",
    "admin",
    "ADMIN",
    "Ａｄｍｉｎ",
    "administrator",
    "Server",
    "SYSTEM",
    "ad\u200bmin",
    "管\u200b理员",
    "admin\u00ad",
    "\ufeffserver",
    "sys\u2060tem",
]


@pytest.mark.asan
def test_bad_names_are_refused(serve):
    server = serve(language="en")
    for why, name in BAD_NAMES.items():
        stranger = Plain(server)
        stranger.send(f"L {name}")
        answer = stranger.next()
        assert answer != "OK" and is_sentence(answer, "en"), f"{why}: {answer!r}"
    # Nobody came in.
    who = Plain(server).enter("one").send("W").next()
    assert "one" in who and "1" in who


@pytest.mark.asan
def test_reserved_names_are_refused(serve):
    server = serve(*FAST)
    for name in RESERVED:
        stranger = Plain(server)
        stranger.send(f"L {name}")
        answer = stranger.next()
        assert is_sentence(answer), f"{name!r}: {answer!r}"


def test_a_reserved_name_cannot_be_had_by_renaming(serve):
    ming = Plain(serve()).enter("小明")
    refused(ming, "L admin")


def test_first_datagram_is_the_answer(serve):
    """However much is being said: the newcomer hears OK first."""
    server = serve(*FAST)
    ming, hong = Crowd(server, ["小明", "小红"])
    for turn in range(50):
        for number in range(5):
            ming.say(f"{turn}.{number}")
        newcomer = Plain(server).enter(f"新{turn}")  # asserts that OK is the first
        newcomer.send("Q")
    hong.find("小明说: 49.4")


def test_answers_to_enter_are_short(serve):
    """128 bytes is what classroom clients read for the answer to L."""
    server = serve(*FAST)
    Plain(server).enter("名" * 32)
    for request in ["L " + "名" * 32, "L " + "名" * 1000, "L " + "!" * 32, "L", "L " + "\x01" * 96]:
        stranger = Plain(server)
        stranger.send(request)
        answer = stranger.next_bytes()
        assert answer != b"OK" and len(answer) <= 128
        answer.decode("utf-8")


# ---- C: texts ------------------------------------------------------------------------------------


def clusters(text):
    """Grapheme clusters of the texts below, each of which is made of one kind."""
    return re.findall(r"(?:👨‍👩‍👧‍👦|🇨🇳|👍🏽|e\u0301|[가-힣]|.)", text, re.DOTALL)


@pytest.mark.asan
@pytest.mark.parametrize("unit", ["中", "a", "👨‍👩‍👧‍👦", "🇨🇳", "👍🏽", "e\u0301", "中a👍🏽"])
@pytest.mark.parametrize("name", ["小明", "名" * 32])
def test_long_text_is_cut_between_characters(serve, unit, name):
    """As several `name说: part`, none longer than 1,024 bytes, together what was said."""
    server = serve()
    speaker, hong = Crowd(server, [name, "小红"])
    text = unit * (4096 // len(unit.encode()))
    speaker.say(text)
    speaker.say("end")
    passed = hong.find(f"{name}说: end")
    prefix = f"{name}说: "
    assert all(part.startswith(prefix) for part in passed)
    assert all(len(part.encode()) <= 1024 for part in passed)
    parts = [part.removeprefix(prefix) for part in passed]
    assert "".join(parts) == text
    whole = clusters(text)
    for part in parts:
        assert clusters(part) == whole[: len(clusters(part))]
        del whole[: len(clusters(part))]
    # None is needlessly short: a cluster more would not have fitted.
    room = 1024 - len(prefix.encode()) - len("👨‍👩‍👧‍👦".encode())
    assert all(len(part.encode()) > room for part in parts[:-1])


@pytest.mark.asan
def test_text_limit(serve, language):
    server = serve(language=language)
    ming, hong = Crowd(server, ["小明", "小红"])
    answer = refused(ming, b"C " + "小明 ".encode() + b"x" * 4097, language)
    assert re.search("4,?096", answer)
    refused(ming, b"C " + b"x" * 4097, language)
    refused(ming, b"C " + b"x" * 60000, language)
    ming.say("x" * 4096)
    ming.send("C " + "y" * 4096)
    ming.say("end")
    passed = hong.find(said("小明", "end", language))
    prefix = said("小明", "", language)
    assert "".join(p.removeprefix(prefix) for p in passed) == "x" * 4096 + "y" * 4096


def test_controls_are_shown_as_replacement(serve):
    """Tab and line feed stay, and lines that follow are indented; the history keeps every byte."""
    server = serve()
    ming, hong = Crowd(server, ["小明", "小红"])
    text = "a\x00b\x07c\x1b[2Jd\te\nf\rg\x7fh\u0085i\u009bj"
    ming.say(text)
    hong.expect("小明说: a\ufffdb\ufffdc\ufffd[2Jd\te\n  f\ufffdg\ufffdh\ufffdi\ufffdj")
    assert server.history()[-1]["text"] == text


@pytest.mark.asan
def test_text_arrives_byte_for_byte(serve):
    ming, hong = Crowd(serve(), ["小明", "小红"])
    for text in [
        "emoji 👩🏽‍🚀 🏳️‍🌈 🇨🇳",
        "e\u0301 and é",
        "שלום עולם",
        "مرحبا بالعالم",
        "\u202eabc\u202c",
        "zalgo: h\u0321\u032b\u0352e\u0321\u0353",
        "  blanks  ",
        "a\u200db\ufeff",
        "\U0001fae8\U0010fffd",
    ]:
        ming.say(text)
        assert hong.next_bytes() == f"小明说: {text}".encode()


@pytest.mark.asan
def test_what_is_not_utf8_is_refused(serve):
    server = serve()
    hong = Plain(server).enter("小红")
    wrong = [b"\xff", b"a\x80b", b"\xe4\xbd", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80"]
    for number, text in enumerate(wrong):
        member = Plain(server).enter(f"m{number}")
        refused(member, b"C " + text)
        member.say("x")
        hong.expect(f"m{number} 进入了聊天室", f"m{number}说: x")
    refused(Plain(server), b"L \xff")


def test_empty_text_is_refused(serve):
    ming, hong = Crowd(serve(), ["小明", "小红"])
    refused(ming, "C")
    refused(ming, "C ")
    refused(ming, "C 小明 ")
    ming.say("x")
    hong.expect("小明说: x")


# ---- W, H, other letters -------------------------------------------------------------------------


@pytest.mark.asan
def test_who(serve, language):
    server = serve(language=language)
    members = Crowd(server, ["小明", "小红", "小刚"])
    answer = members[0].send("W").next()
    assert "3" in answer
    assert all(member.name in answer for member in members)
    members[1].quit()
    members[0].find(left("小红", language))
    answer = members[0].send("W").next()
    assert "2" in answer and "小红" not in answer


def test_who_is_one_datagram_when_full(serve):
    server = serve(*FAST)
    count = 300
    members = enter_many(server, count, prefix="很长的名字")
    members[0].send("W")
    members[0].find_where(lambda text: "另有" in text, "the answer to W")
    answer = members[0].lines[members[0].taken - 1]
    named = len(re.findall(r"很长的名字\d+", answer))
    others = int(re.search(r"另有 ?([\d,]+) ?人", answer).group(1).replace(",", ""))
    assert named + others == count
    assert str(count) in answer
    assert len(answer.encode()) > 1024 - 60, "there was room for more names"


@pytest.mark.asan
def test_last_lines(serve, language):
    """H gives ten, H 20 twenty, H 100 fifty: as they were when they were said."""
    server = serve(*FAST, language=language)
    ming, hong = Crowd(server, ["小明", "小红"])
    for number in range(60):
        ming.say(f"line {number}")
    hong.find(said("小明", "line 59", language))
    for request, count in {"H": 10, "H 20": 20, "H 1": 1, "H 100": 50}.items():
        hong.send(request)
        lines = []
        while len(lines) < count:
            lines += hong.next().split("\n")
        for number, line in zip(range(60 - count, 60), lines, strict=True):
            assert line.endswith(said("小明", f"line {number}", language)), lines
    ming.say("end")
    hong.expect(said("小明", "end", language))


def test_members_only(serve):
    server = serve()
    Plain(server).enter("小明")
    stranger = Plain(server)
    refused(stranger, "W")
    refused(stranger, "H")


def test_what_looks_like_a_notice_is_said_all_the_same(serve):
    """Refusals of other servers are not answered; that must not swallow what people say."""
    ming, hong = Crowd(serve(), ["小明", "小红"])
    for text in ("she entered the room", "他 退出了聊天室", "OK", "EXIT", "Sorry, no", "抱歉，不行"):
        ming.say(text)
        ming.send(f"C {text}")
        hong.expect(f"小明说: {text}", f"小明说: {text}")


@pytest.mark.asan
def test_other_letters(serve, language):
    """All letters in one line, for members and for others."""
    server = serve(language=language)
    ming = Plain(server).enter("小明")
    stranger = Plain(server)
    for member in (ming, stranger):
        for request in ("X hello", "hello", "?"):
            answer = refused(member, request, language)
            assert all(re.search(rf"\b{letter}\b", answer, re.ASCII) for letter in "LCQWH"), answer


def test_letters_need_their_blank(serve):
    """`Login` is not `L ogin`."""
    server = serve()
    stranger = Plain(server)
    refused(stranger, "Login")
    refused(stranger, "L小明")
    stranger.enter("小明")


@pytest.mark.asan
def test_empty_datagram_hurts_nobody(serve):
    server = serve()
    ming, hong = Crowd(server, ["小明", "小红"])
    for nothing in (b"", b"\n", b"\r\n", b"\n\n"):
        ming.send(nothing)
    ming.say("x")
    hong.expect("小明说: x")


# ---- Too fast, too often -------------------------------------------------------------------------


@pytest.mark.asan
def test_rate(serve, language):
    """What is within the burst is said; more is refused in words; later it goes on."""
    server = serve("--rate", "2:10", language=language)
    ming, hong = Crowd(server, ["小明", "小红"])
    began = time.monotonic()
    for number in range(30):
        ming.say(str(number))
    answer = ming.next()
    assert is_sentence(answer, language)
    hong.say("mark")
    ming.find(said("小红", "mark", language))
    allowed = 10 + 2 * (time.monotonic() - began)
    # What comes to one member is in order; what comes to two may take its time with one of them.
    server.admin_ok("shout", "mark")
    heard = [int(text.rsplit(" ", 1)[1]) for text in hong.find(shouted("mark", language))]
    assert 8 <= len(heard) <= allowed + 1
    assert heard[:8] == list(range(8))  # L cost something, too

    def goes_on():
        ming.say("later")
        return said("小明", "later", language) in hong.lines

    eventually(goes_on, "going on")


def test_rate_is_for_each_address(serve):
    server = serve("--rate", "1:5")
    ming, hong = Crowd(server, ["小明", "小红"])
    for number in range(20):
        ming.say(str(number))
    ming.next()
    other = Plain(server, "127.0.0.9").enter("别处")
    other.say("x")
    hong.find("别处说: x")


def refusals_until_ok(stranger):
    """How many refusals came before the answer to L, and how long it took."""
    refusals = []
    while (answer := stranger.next()) != "OK":
        refusals.append(answer)
    return refusals


@pytest.mark.asan
def test_five_refusals_a_second(serve):
    stranger = Plain(serve(*FAST))
    began = time.monotonic()
    for _ in range(100):
        stranger.send("X")
    stranger.send("L 小明")
    refusals = refusals_until_ok(stranger)
    seconds = time.monotonic() - began
    assert 1 <= len(refusals) <= 5 * (1 + seconds)


def test_a_thousand_refusals_a_second(serve):
    server = serve(*FAST)
    strangers = [Plain(server, source) for source in loopback_sources(600)]
    began = time.monotonic()
    for _ in range(5):
        for stranger in strangers:
            stranger.send("X")
    Plain(server).enter("小明")
    seconds = time.monotonic() - began
    count = sum(len(stranger.datagrams) for stranger in strangers)
    assert 100 <= count <= 1000 * (1 + seconds)


@pytest.mark.asan
def test_refusals_are_not_refused(serve, language):
    """No loop between two servers: what is itself a refusal gets no answer."""
    server = serve(*FAST, language=language)
    ming = Plain(server).enter("小明")
    texts = set()
    for request in ("X", "C hi", "L admin", "L 小明", "L " + "n" * 99, "Q 小明", "L"):
        texts.add(refused(Plain(server), request, language))
    texts.add(refused(ming, "C " + "x" * 4097, language))
    assert len(texts) >= 6
    echoes = []
    for text in sorted(texts):
        echo = Plain(server, "127.0.0.77")
        echo.send(text).enter(f"n{len(echoes)}")  # OK comes first, so nothing else came
        echoes.append(echo)


def test_two_servers_do_not_talk_for_ever(serve):
    """A datagram forged to come from one server starts nothing between them."""
    if not IS_ROOT:
        pytest.skip("needs a raw socket")
    one, other = serve(*FAST), serve(*FAST, data="other")
    raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP)
    for source, target in ((one, other), (other, one), (one, one)):
        for payload in (b"X", b"C hi", b"L admin"):
            head = source.port.to_bytes(2, "big") + target.port.to_bytes(2, "big")
            head += (8 + len(payload)).to_bytes(2, "big") + b"\0\0"
            raw.sendto(head + payload, ("127.0.0.1", 0))
    raw.close()
    for server, forged in ((one, 6), (other, 3)):
        eventually(lambda: counter(server, "datagrams-in") >= forged, "what was forged")
        # Each still answers.
        Plain(server).enter("小明")
    time.sleep(2)  # Not in place of an answer: so long they might talk, five times a second each.
    for server, forged in ((one, 6), (other, 3)):
        # What was forged, a refusal of each of what the other was sent, and our L.
        heard = counter(server, "datagrams-in")
        assert heard <= forged + 3 + 1, "they are talking"


def counter(server, word):
    """A counter of /stats, over all processes."""

    def total(value):
        if isinstance(value, dict):
            own = value[word] if isinstance(value.get(word), int) else 0
            return own + sum(total(inner) for inner in value.values())
        return sum(map(total, value)) if isinstance(value, list) else 0

    return total(server.admin_json("stats"))


# ---- From where ----------------------------------------------------------------------------------


@pytest.mark.asan
def test_outside_the_allowed_networks_never_more_than_came(serve, language):
    server = serve("--plain-from", "10.0.0.0/8", language=language)
    for request in ("L x", "C", "X", "", "L " + "n" * 20, "X" * 300, "L " + "名" * 300):
        stranger = Plain(server)
        stranger.send(request)
        stranger.send("L " + "x" * 400)  # long enough to be told why
        answer = stranger.next_bytes()
        assert is_sentence(answer.decode(), language)
        assert len(answer) <= 402
        short = [each for each in stranger.datagrams if len(each) > len(request.encode())]
        assert len(short) <= 1
    assert server.history() == []
    # The administrator sees that somebody tried, also where nobody was told. (The last answer may be that to the first of two.)
    eventually(lambda: counter(server, "not-allowed-from-here") >= 14, "the last of them")
    assert counter(server, "not-allowed-from-here") == 14


def test_plain_from(serve):
    server = serve("--plain-from", "127.0.1.0/24,127.0.2.0/24")
    Plain(server, "127.0.1.5").enter("小明")
    Plain(server, "127.0.2.5").enter("小红")
    stranger = Plain(server, "127.0.3.5")
    stranger.send("L 小刚" + "x" * 300)
    assert stranger.next() != "OK"


def test_plain_from_any(serve):
    server = serve("--plain-from", "any")
    Plain(server, "127.9.9.9").enter("小明")


def test_plain_from_nonsense_is_refused(place):
    done = qun("serve", "--plain-from", "10.0.0.0/99", "--listen", "127.0.0.1:0", data=place / "d")
    assert done.returncode == 2
    assert "10.0.0.0/99" in done.stderr


# ---- What a classroom's client sees --------------------------------------------------------------


def test_own_messages_do_not_come_back(serve):
    members = Crowd(serve(), ["一", "二", "三"])
    for member in members:
        member.say("x")
    for member in members:
        others = [f"{other.name}说: x" for other in members if other is not member]
        heard = [member.next() for _ in others]
        assert sorted(heard) == sorted(others)
        assert not member.pending()


@pytest.mark.asan
def test_everyone_hears_the_same_order(serve):
    """Over all edges: what two members both hear, they hear in one order."""
    server = serve(*FAST, "--edges", "3")
    speakers = [Plain(server, source) for source in loopback_sources(6)]
    for index, speaker in enumerate(speakers):
        speaker.enter(f"s{index}")
    listeners = [Plain(server, source).enter(f"l{i}") for i, source in enumerate(loopback_sources(6, 20))]
    for listener in listeners:
        listener.send("H 1")  # everything that came before is heard after this
    for number in range(40):
        for speaker in speakers:
            speaker.say(str(number))
    wanted = 40 * len(speakers)

    def said_lines(member):
        return [line for line in member.lines if re.fullmatch(r"s\d+说: \d+", line)]

    for listener in listeners:
        eventually(lambda: len(said_lines(listener)) >= wanted, lambda: f"{listener}: {wanted} lines")
    orders = [said_lines(listener)[-wanted:] for listener in listeners]
    assert all(order == orders[0] for order in orders)
    assert len(set(orders[0])) == wanted


@pytest.mark.asan
def test_members_over_ipv6(serve):
    server = serve(listen=("[::1]:0",))
    ming = Plain(server, "::1").enter("小明")
    hong = Plain(server, "::1").enter("小红")
    ming.expect("小红 进入了聊天室")
    hong.say("x")
    ming.expect("小红说: x")
