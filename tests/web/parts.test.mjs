// The page's parts that know nothing of a browser.
import assert from "node:assert/strict";
import { test } from "node:test";
import { cut, fold, format, parse, seqOf } from "../../web/irc.js";
import { Room } from "../../web/room.js";
import { parts } from "../../web/text.js";

test("lines are taken apart", () => {
  assert.deepEqual(parse("@time=1;+a=b\\sc\\:\\\\\\r\\n\\x;d :n!u@h PRIVMSG #r :a : b"), {
    tags: { time: "1", "+a": "b c;\\\r\nx", d: "" }, source: "n!u@h", nick: "n", command: "PRIVMSG", params: ["#r", "a : b"],
  });
  assert.deepEqual(parse("PING x").params, ["x"]);
  assert.deepEqual(parse(":s 001 me :").params, ["me", ""]);
  assert.deepEqual(parse(":s CMD  a   b").params, ["a", "b"]);
  assert.deepEqual(parse("").params, []);
});

test("lines are put together, and nothing makes two of one", () => {
  assert.equal(format(["PRIVMSG", "#r", "hello"]), "PRIVMSG #r hello");
  assert.equal(format(["PRIVMSG", "#r", "two words"]), "PRIVMSG #r :two words");
  assert.equal(format(["PRIVMSG", "#r", ":)"]), "PRIVMSG #r ::)");
  assert.equal(format(["PRIVMSG", "#r", ""]), "PRIVMSG #r :");
  assert.equal(format(["PRIVMSG", "#r", "a\r\nQUIT"]), "PRIVMSG #r :a  QUIT");
  assert.equal(format(["TAGMSG", "#r"], { "+a": "b c;\\\n", d: "" }), "@+a=b\\sc\\:\\\\\\n;d TAGMSG #r");
  const line = ["PRIVMSG", "#房间", "你好 :世界"];
  assert.deepEqual([parse(format(line)).command, ...parse(format(line)).params], line);
});

test("msgids say where in the log", () => {
  assert.equal(seqOf("9re5fwxtrqeva-7"), 7);
  assert.equal(seqOf("9re5fwxtrqeva-10"), 32);
  assert.ok(seqOf("a-zz") > seqOf("a-z"));
  assert.ok(Number.isNaN(seqOf("nothing")) && Number.isNaN(seqOf(undefined)) && Number.isNaN(seqOf("a-!")));
});

test("texts are cut between characters", () => {
  assert.deepEqual(cut("你好世界", 7), ["你好", "世界"]);
  assert.deepEqual(cut("a😀b", 4), ["a", "😀", "b"]);
  assert.equal(cut("x".repeat(10), 10).length, 1);
  assert.equal(fold("ＡＮＮ"), "ann");
});

test("links, code and names are found, and nothing else", () => {
  const kinds = (text, name) => parts(text, name).map((part) => [part.kind, part.text]);
  assert.deepEqual(kinds("see https://a.example/b_(c)). Good"),
                   [["text", "see "], ["link", "https://a.example/b_(c)"], ["text", "). Good"]]);
  assert.deepEqual(kinds("看https://a.example/，好"), [["text", "看"], ["link", "https://a.example/"], ["text", "，好"]]);
  assert.deepEqual(kinds("`a https://b.example` c"), [["code", "a https://b.example"], ["text", " c"]]);
  assert.deepEqual(kinds("javascript:alert(1) data:x <b>"), [["text", "javascript:alert(1) data:x <b>"]]);
  assert.deepEqual(kinds("\x02bold\x02 \x0304,05red\x0f"), [["text", "bold red"]]);
  assert.deepEqual(kinds("Ann: hi ann", "ann"), [["name", "Ann"], ["text", ": hi "], ["name", "ann"]]);
});

test("a room is in the log's order, whatever comes first, and has each message once", () => {
  const room = new Room("#r");
  const item = (seq, text) => ({ msgid: `a-${seq}`, seq, timeMs: seq, kind: "said", isSpoken: true, nick: "n", text });
  room.addOwn({ key: "k", text: "own", timeMs: 9 });
  assert.ok(room.add(item(3, "c")) && room.add(item(1, "a")) && room.add(item(2, "b")));
  assert.ok(!room.add(item(2, "b")));
  const texts = () => room.items.map((it) => it.text).join("");
  assert.equal(texts(), "abcown");
  room.add(item(5, "e"));
  room.settle(room.items.at(-1), "a-4", 4);
  assert.equal(texts(), "abcowne");
  // It was heard from the history before it was known to be one's own.
  room.addOwn({ key: "l", text: "own2", timeMs: 9 });
  room.add(item(6, "own2"));
  room.settle(room.items.find((it) => it.key === "l"), "a-6", 6);
  assert.equal(texts(), "abcowneown2");
  room.change("a-7", (it) => { it.isRedacted = true; });
  room.add(item(7, "g"));
  assert.equal(room.byMsgid.get("a-7").isRedacted, true);
  room.markMs = 4;
  assert.equal(room.unread((it) => it.key !== undefined).count, 1);
});
