/* The codec: what goes in comes out, whatever is cut off or unknown; and the bytes on the disk stay
 * what they are. */
#include "log_help.h"

#include <string.h>

#include "limits.h"
#include "record.h"

static const uint64_t further_rooms[] = {7, UINT64_MAX};

/* Every field, with a value that shows if one is cut short or takes another's place. */
static struct record full_record(void) {
	struct record record = {
		.kind = ENTRY_ENTERED,
		.version = 3,
		.flags = 0xA5,
		.queue = 0x1234,
		.incarnation = 0x89ABCDEF,
		.seq = 0x1122334455667788,
		.time_us = 0x0102030405060708,
		.request = 0xF1F2F3F4F5F6F7F8,
		.person = 1,
		.session = 127,
		.target = 128,
		.number = 300,
		.until_us = UINT64_MAX,
		.since_us = 1700000000000000,
		.room = 1,
		.more_rooms = slice_of((const char *)further_rooms, sizeof(further_rooms)),
		.reason = REASON_UNAVAILABLE,
		.face = FACE_WEB,
		.home = 63,
		.connection = {.slot = 5, .generation = 0xFFFFFFFF},
		.name = slice_from_string("小明"),
		.other_name = slice_from_string("old"),
		.text = slice_of("a\0b\n", 4),
		.by = slice_from_string("管理员"),
		.has_route = true,
		.route = {.peer = {.port = 8888, .scope = 3}, .listener = 15},
		.has_net = true,
		.net = {.bits = 64},
	};
	for (uint8_t i = 0; i < 16; i++) {
		record.route.peer.ip[i] = (uint8_t)(0x20 + i);
		record.route.local[i] = (uint8_t)(0x40 + i);
		record.net.ip[i] = i < 8 ? (uint8_t)(0x60 + i) : 0;
	}
	return record;
}

static void set_v4(uint8_t ip[16], uint8_t last) {
	const uint8_t v4[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 127, 0, 0, last};
	memcpy(ip, v4, sizeof(v4));
}

static void assert_route_equal(const struct route *a, const struct route *b) {
	assert_true(address_equal(&a->peer, &b->peer));
	assert_memory_equal(a->local, b->local, 16);
	assert_int_equal(a->listener, b->listener);
}

static void assert_record_equal(const struct record *a, const struct record *b) {
	assert_int_equal(a->kind, b->kind);
	assert_int_equal(a->version, b->version);
	assert_int_equal(a->flags, b->flags);
	assert_int_equal(a->queue, b->queue);
	assert_int_equal(a->incarnation, b->incarnation);
	assert_int_equal(a->seq, b->seq);
	assert_int_equal(a->time_us, b->time_us);
	assert_int_equal(a->request, b->request);
	assert_int_equal(a->person, b->person);
	assert_int_equal(a->session, b->session);
	assert_int_equal(a->target, b->target);
	assert_int_equal(a->number, b->number);
	assert_int_equal(a->until_us, b->until_us);
	assert_int_equal(a->since_us, b->since_us);
	assert_int_equal(a->room, b->room);
	assert_true(slice_equal(a->more_rooms, b->more_rooms));
	assert_int_equal(a->reason, b->reason);
	assert_int_equal(a->face, b->face);
	assert_int_equal(a->home, b->home);
	assert_int_equal(a->connection.slot, b->connection.slot);
	assert_int_equal(a->connection.generation, b->connection.generation);
	assert_true(slice_equal(a->name, b->name));
	assert_true(slice_equal(a->other_name, b->other_name));
	assert_true(slice_equal(a->text, b->text));
	assert_true(slice_equal(a->by, b->by));
	assert_int_equal(a->bits, b->bits);
	assert_true(slice_equal(a->userhost, b->userhost));
	assert_true(slice_equal(a->tags, b->tags));
	assert_true(slice_equal(a->joints, b->joints));
	assert_true(slice_equal(a->secret, b->secret));
	assert_int_equal(a->has_route, b->has_route);
	assert_route_equal(&a->route, &b->route);
	assert_int_equal(a->has_net, b->has_net);
	assert_int_equal(a->net.bits, b->net.bits);
	assert_memory_equal(a->net.ip, b->net.ip, 16);
}

static _Alignas(8) uint8_t bytes[RECORD_BYTES_MAX];

static void assert_comes_back(const struct record *record) {
	struct record back;
	size_t size = record_encode(record, bytes, sizeof(bytes));
	assert_true(size > 0);
	assert_int_equal(size, record_size(record));
	assert_int_equal(size % 8, 0);
	assert_int_equal(record_decode(&back, bytes, size), size);
	/* What lies behind it does not matter. */
	assert_int_equal(record_decode(&back, bytes, sizeof(bytes)), size);
	assert_record_equal(record, &back);
}

static void every_field_comes_back(void **state) {
	struct record record = full_record();
	assert_comes_back(&record);
}

/* What came after the golden bytes below. */
static void what_irc_people_bear_comes_back(void **state) {
	struct record record = full_record();
	record.bits = PERSON_IS_BOT | SAID_IS_NOTICE | MEMBER_IS_OPERATOR;
	record.userhost = slice_from_string("~ming@3f9ae1.qun");
	record.tags = slice_from_string("+typing=active");
	record.joints = slice_of("\3\0\5\0", 4);
	record.secret = slice_from_string("sesame");
	assert_comes_back(&record);
	struct record back;
	size_t size = record_encode_public(&record, bytes, sizeof(bytes));
	assert_int_equal(record_decode(&back, bytes, size), size);
	assert_true(slice_equal(back.tags, record.tags));
	assert_true(slice_equal(back.joints, record.joints));
	assert_int_equal(back.secret.size, 0);
}

/* They are kept on disk. */
static void bits_stay_what_they_are(void **state) {
	assert_int_equal(PERSON_BITS, 0x3F);
	assert_int_equal(PERSON_WANTS_NO_BACKLOG, 0x20);
	assert_int_equal(SAID_IS_NOTICE, 0x100);
	assert_int_equal(SAID_IS_REDACTED, 0x400);
	assert_int_equal(ROOM_BITS, 0xFF0000);
	assert_int_equal(ROOM_NO_CONTROLS, 0x200000);
	assert_int_equal(ROOM_WANTS_ACCOUNT, 0x400000);
	assert_int_equal(ROOM_HEARS_ACCOUNTS, 0x800000);
	assert_int_equal(MEMBER_HAS_VOICE, 0x1000000);
	assert_int_equal(MEMBER_IS_OPERATOR, 0x2000000);
}

static void nothing_comes_back_as_nothing(void **state) {
	struct record record = {.kind = ENTRY_SAID, .version = RECORD_VERSION};
	assert_comes_back(&record);
	assert_int_equal(record_size(&record), RECORD_HEAD_BYTES);
	/* Version 0 means the one of today. */
	record.version = 0;
	struct record back;
	record_encode(&record, bytes, sizeof(bytes));
	record_decode(&back, bytes, sizeof(bytes));
	assert_int_equal(back.version, RECORD_VERSION);
}

static void routes_of_every_shape_come_back(void **state) {
	for (unsigned shape = 0; shape < 16; shape++) {
		struct record record = {.kind = REQUEST_SAY, .version = 1, .has_route = true};
		record.route.peer.port = 65535;
		record.route.listener = 1;
		if (shape & 1) {
			set_v4(record.route.peer.ip, 2);
		} else {
			record.route.peer.ip[15] = 1;
		}
		if (shape & 2) {
			set_v4(record.route.local, 3);
		} else if (shape & 4) {
			record.route.local[0] = 0xFE;
		}
		record.route.peer.scope = shape & 8 ? 77 : 0;
		assert_comes_back(&record);
	}
}

static void numbers_of_every_length_come_back(void **state) {
	for (unsigned bit = 0; bit < 64; bit++) {
		for (int less = 0; less <= 1; less++) {
			struct record record = {.kind = 1,
			                        .version = 1,
			                        .number = (UINT64_C(1) << bit) - (uint64_t)less};
			assert_comes_back(&record);
		}
	}
}

static void texts_of_every_length_come_back(void **state) {
	static char text[TEXT_BYTES_MAX];
	struct chance chance = {1};
	chance_fill(&chance, text, sizeof(text));
	for (size_t size = 0; size <= sizeof(text); size += size < 300 ? 1 : 97) {
		struct record record = {.kind = 3, .version = 1, .text = slice_of(text, size)};
		assert_comes_back(&record);
	}
}

static void what_does_not_fit_is_refused(void **state) {
	struct record record = full_record();
	size_t size = record_size(&record);
	/* Memory of exactly the size offered: the sanitizer sees a step too far. */
	for (size_t room = 0; room <= size + 16; room++) {
		uint8_t *out = malloc(room == 0 ? 1 : room);
		assert_non_null(out);
		assert_int_equal(record_encode(&record, out, room), room < size ? 0 : size);
		free(out);
	}
}

static void cut_at_every_byte(void **state) {
	struct record record = full_record(), back;
	size_t size = record_encode(&record, bytes, sizeof(bytes));
	for (size_t cut = 0; cut < size; cut++) {
		uint8_t *part = malloc(cut == 0 ? 1 : cut);
		assert_non_null(part);
		memcpy(part, bytes, cut);
		assert_int_equal(record_decode(&back, part, cut), 0);
		/* Also when the head claims that the rest is all there is. */
		uint32_t claim = (uint32_t)cut;
		if (cut >= RECORD_HEAD_BYTES) {
			memcpy(part, &claim, sizeof(claim));
			size_t got = record_decode(&back, part, cut);
			assert_true(got == 0 || (got == cut && cut % 8 == 0));
		}
		free(part);
	}
}

/* A record of the fields given, behind a head that fits them. */
static size_t raw(const void *fields, size_t fields_bytes) {
	struct record record = {.kind = ENTRY_SAID, .version = 9};
	record_encode(&record, bytes, sizeof(bytes));
	uint32_t size = (uint32_t)((RECORD_HEAD_BYTES + fields_bytes + 7) / 8 * 8);
	memset(bytes + RECORD_HEAD_BYTES, 0, size - RECORD_HEAD_BYTES);
	memcpy(bytes + RECORD_HEAD_BYTES, fields, fields_bytes);
	memcpy(bytes, &size, sizeof(size));
	return size;
}

#define RAW(fields) raw(fields, sizeof(fields) - 1)

static void unknown_fields_are_skipped(void **state) {
	struct record record;
	/* 100: a number of a later version; 200: bytes; 1: person; 131: text. */
	size_t size = RAW("\x64\xFF\x7F\xC8\x03xyz\x01\x2A\xFF\x00\x83\x02hi");
	assert_int_equal(record_decode(&record, bytes, size), size);
	assert_int_equal(record.person, 42);
	assert_slice(record.text, "hi");
	assert_int_equal(record.version, 9);
	struct record kind = {.kind = 250, .version = 2, .text = slice_from_string("later")};
	assert_comes_back(&kind);
	assert_true(record_is_entry(&kind));
	assert_string_equal(record_kind_word(kind.kind), "unknown");
}

static void malformed_fields_are_refused(void **state) {
	static const struct {
		const char *fields;
		size_t size;
	} rows[] = {
#define ROW(fields) {fields, sizeof(fields) - 1}
		/* A number without an end, and one of 65 bits. */
		ROW("\x01\x80\x80\x80\x80\x80\x80\x80"),
		ROW("\x01\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x02"),
		ROW("\x01\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x81\x00"),
		/* More bytes than there are. */
		ROW("\x83\x07hello!"),
		ROW("\x83\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01"),
		ROW("\xC8\x10zzz"),
		/* Too large for the field: reason, face, home. */
		ROW("\x08\x80\x80\x04"),
		ROW("\x09\x80\x02"),
		ROW("\x0A\x80\x80\x04"),
		/* Rooms that are not 8 bytes each. */
		ROW("\x80\x01r"),
		/* Routes: none at all, too short, too long; a net of 129 bits, a short net. */
		ROW("\x85\x00"),
		ROW("\x85\x08\x01\x7F\x00\x00\x01\x12\x34\x00"),
		ROW("\x85\x0A\x01\x7F\x00\x00\x01\x12\x34\x00\x00\x00"),
		ROW("\x86\x11"
	            "0123456789abcdef\x81"),
		ROW("\x86\x10"
	            "0123456789abcdef"),
		/* A connection is 8 bytes. */
		ROW("\x87\x07"
	            "1234567"),
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct record record;
		assert_int_equal(record_decode(&record, bytes, raw(rows[i].fields, rows[i].size)),
		                 0);
	}
}

static void malformed_heads_are_refused(void **state) {
	struct record record = full_record(), back;
	size_t size = record_encode(&record, bytes, sizeof(bytes));
	const uint32_t sizes[] = {
		0, 8, 39, 32, (uint32_t)size + 8, (uint32_t)size - 1, UINT32_MAX, UINT32_MAX - 7};
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		memcpy(bytes, &sizes[i], 4);
		assert_int_equal(record_decode(&back, bytes, size), 0);
	}
}

static void what_is_private_is_not_kept(void **state) {
	struct record record = full_record(), back;
	size_t size = record_encode_public(&record, bytes, sizeof(bytes));
	assert_int_equal(record_decode(&back, bytes, size), size);
	struct record public = record;
	public.has_route = false;
	public.route = (struct route){0};
	public.home = 0;
	public.connection = (struct connection){0};
	assert_record_equal(&public, &back);
	/* Not even as bytes. */
	for (size_t at = 0; at + 8 <= size; at++) {
		assert_memory_not_equal(bytes + at, record.route.peer.ip, 8);
		assert_memory_not_equal(bytes + at, record.route.local, 8);
	}
}

/* The disk's format. Whoever changes these bytes makes old data folders unreadable. */
/* clang-format off */
static const char golden[] =
	"c8000000010003a5" /* size, kind, version, flags */
	"88776655443322110807060504030201" /* seq, time */
	"f8f7f6f5f4f3f2f1efcdab8934120000" /* request, incarnation, queue */
	"0101027f03800104ac02" /* person, session, target, number */
	"05ffffffffffffffffff01068080f9c0c1c48203" /* until, since */
	"0701081c09040a3f" /* room, reason, face, home */
	"80100700000000000000ffffffffffffffff" /* more rooms */
	"8106e5b08fe6988e82036f6c6483046100620a" /* name, other name, text */
	"8409e7aea1e79086e59198" /* by */
	"85290c202122232425262728292a2b2c2d2e2fb8220f00404142434445464748494a4b4c4d4e4f03000000" /* route */
	"86116061626364656667000000000000000040" /* net */
	"870805000000ffffffff0000" /* connection, the end */;
/* clang-format on */

static void to_hex(const uint8_t *from, size_t size, char *out) {
	static const char digits[] = "0123456789abcdef";
	for (size_t i = 0; i < size; i++) {
		*out++ = digits[from[i] >> 4];
		*out++ = digits[from[i] & 15];
	}
	*out = '\0';
}

static void golden_bytes(void **state) {
	struct record record = full_record();
	static char hex[2 * RECORD_BYTES_MAX + 1];
	size_t size = record_encode(&record, bytes, sizeof(bytes));
	to_hex(bytes, size, hex);
	assert_string_equal(hex, golden);
}

/* The numbers of kinds, reasons and faces are kept on disk, too: as lines "number word". */
static void golden_numbers(void **state) {
	static const struct {
		uint16_t number;
		const char *word;
	} kinds[] =
		{
			{0, "unknown"},       {1, "entered"},
			{2, "left"},          {3, "said"},
			{4, "renamed"},       {5, "kicked"},
			{6, "shouted"},       {7, "moved"},
			{8, "muted"},         {9, "unmuted"},
			{10, "banned"},       {11, "unbanned"},
			{12, "closed"},       {13, "made"},
			{256, "nothing"},     {257, "ok"},
			{258, "exit"},        {259, "refused"},
			{260, "who"},         {261, "history"},
			{262, "probe"},       {263, "done"},
			{264, "check"},       {512, "enter"},
			{513, "say"},         {514, "leave"},
			{515, "gone"},        {516, "who"},
			{517, "history"},     {518, "shout"},
			{519, "kick"},        {520, "mute"},
			{521, "unmute"},      {522, "ban"},
			{523, "unban"},       {524, "close"},
			{525, "check"},       {526, "expire"},
			{527, "sweep"},       {768, "meta"},
			{769, "person"},      {770, "session"},
			{771, "room"},        {772, "member"},
			{773, "ban"},         {774, "mute"},
			{775, "thread"},      {799, "unknown"},
			{14, "joined"},       {15, "parted"},
			{16, "direct"},       {17, "refused-message"},
			{18, "absent"},       {19, "forgotten"},
			{20, "room-ended"},   {265, "welcome"},
			{528, "open"},        {529, "resume"},
			{530, "join"},        {531, "part"},
			{532, "direct"},      {533, "rename"},
			{534, "unfit"},       {535, "absent"},
			{536, "forget"},      {537, "end-rooms"},
			{21, "topic"},        {22, "mode"},
			{23, "put-out"},      {24, "invited"},
			{25, "away"},         {26, "profile"},
			{27, "tagged"},       {28, "said-to"},
			{29, "account-made"}, {30, "account-ended"},
			{31, "wallops"},      {32, "orphaned"},
			{538, "register"},    {539, "topic"},
			{540, "change-mode"}, {541, "put-out-of"},
			{542, "invite"},      {543, "go-away"},
			{544, "set-profile"}, {545, "tagmsg"},
			{546, "kill"},        {547, "send-wallops"},
			{548, "orphans"},     {549, "make-account"},
			{550, "end-account"}, {776, "mask"},
			{777, "invitation"},  {778, "account"},
			{779, "profile"},     {780, "charter"},
			{781, "office"},
		},
	  reasons[] = {
		  {0, "none"},
		  {1, "name-empty"},
		  {2, "name-too-long"},
		  {3, "name-invalid"},
		  {4, "name-reserved"},
		  {5, "name-taken"},
		  {6, "not-entered"},
		  {7, "not-your-name"},
		  {8, "text-empty"},
		  {9, "text-too-long"},
		  {10, "not-utf8"},
		  {11, "unknown-letter"},
		  {12, "too-fast"},
		  {13, "busy"},
		  {14, "muted"},
		  {15, "banned"},
		  {16, "full"},
		  {17, "not-allowed-from-here"},
		  {18, "no-such-name"},
		  {19, "no-such-ban"},
		  {20, "bad-argument"},
		  {21, "poisoned"},
		  {22, "not-permitted"},
		  {23, "idle"},
		  {24, "unreachable"},
		  {25, "kicked"},
		  {26, "closed"},
		  {27, "same-name-elsewhere"},
		  {28, "unavailable"},
		  {29, "no-such-session"},
		  {30, "no-such-room"},
		  {31, "room-name-invalid"},
		  {32, "not-in-room"},
		  {33, "too-many-rooms"},
		  {34, "away"},
		  {35, "forgotten"},
		  {36, "cannot-receive"},
		  {37, "name-registered"},
		  {38, "invite-only"},
		  {39, "bad-key"},
		  {40, "room-full"},
		  {41, "room-banned"},
		  {42, "cannot-send-to-room"},
		  {43, "not-room-operator"},
		  {44, "unknown-mode"},
		  {45, "already-in-room"},
		  {46, "orphaned"},
		  {47, "password-wrong"},
		  {48, "access-closed"},
		  {49, "they-not-in-room"},
		  {50, "list-full"},
		  {9999, "unknown"},
	  };
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		assert_string_equal(record_kind_word(kinds[i].number), kinds[i].word);
	}
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		assert_string_equal(reason_word(reasons[i].number), reasons[i].word);
	}
	assert_int_equal(FACE_PLAIN, 1);
	assert_int_equal(FACE_WEB, 4);
}

static void rooms(void **state) {
	struct record record = full_record();
	assert_int_equal(record_rooms_count(&record), 3);
	assert_int_equal(record_room(&record, 0), 1);
	assert_int_equal(record_room(&record, 1), 7);
	assert_int_equal(record_room(&record, 2), UINT64_MAX);
	assert_true(record_concerns_room(&record, 7));
	assert_false(record_concerns_room(&record, 8));
	record.room = 0;
	assert_int_equal(record_rooms_count(&record), 0);
	assert_false(record_concerns_room(&record, 7));
	record.room = 9;
	record.more_rooms.size = 0;
	assert_int_equal(record_rooms_count(&record), 1);
}

static void families(void **state) {
	assert_true(record_is_entry(&(struct record){.kind = ENTRY_ENTERED}));
	assert_true(record_is_entry(&(struct record){.kind = 255}));
	assert_false(record_is_entry(&(struct record){.kind = 0}));
	assert_false(record_is_entry(&(struct record){.kind = ANSWER_NOTHING}));
	assert_true(record_is_answer(&(struct record){.kind = ANSWER_NOTHING}));
	assert_true(record_is_answer(&(struct record){.kind = ANSWER_CHECK}));
	assert_false(record_is_answer(&(struct record){.kind = REQUEST_ENTER}));
	assert_true(record_is_hidden(&(struct record){.kind = ENTRY_MOVED}));
	assert_false(record_is_hidden(&(struct record){.kind = ENTRY_SAID}));
}

/* Random bytes behind a good head: decoded or refused, and what was decoded goes through again. */
static void noise(void **state) {
	struct chance chance = {seed_or(7)};
	for (int round = 0; round < sized(20000, 2000000); round++) {
		size_t size = RECORD_HEAD_BYTES + 8 * chance_below(&chance, 40);
		uint8_t *noise = malloc(size);
		assert_non_null(noise);
		chance_fill(&chance, noise, size);
		uint32_t claim = (uint32_t)size;
		memcpy(noise, &claim, sizeof(claim));
		struct record record, again;
		if (record_decode(&record, noise, size) != 0) {
			assert_int_equal(record_encode(&record, bytes, sizeof(bytes)),
			                 record_size(&record));
			assert_true(record_decode(&again, bytes, sizeof(bytes)) > 0);
			record.version = again.version; /* 0 became 1 */
			assert_record_equal(&record, &again);
		}
		free(noise);
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_field_comes_back),
		cmocka_unit_test(what_irc_people_bear_comes_back),
		cmocka_unit_test(bits_stay_what_they_are),
		cmocka_unit_test(nothing_comes_back_as_nothing),
		cmocka_unit_test(routes_of_every_shape_come_back),
		cmocka_unit_test(numbers_of_every_length_come_back),
		cmocka_unit_test(texts_of_every_length_come_back),
		cmocka_unit_test(what_does_not_fit_is_refused),
		cmocka_unit_test(cut_at_every_byte),
		cmocka_unit_test(unknown_fields_are_skipped),
		cmocka_unit_test(malformed_fields_are_refused),
		cmocka_unit_test(malformed_heads_are_refused),
		cmocka_unit_test(what_is_private_is_not_kept),
		cmocka_unit_test(golden_bytes),
		cmocka_unit_test(golden_numbers),
		cmocka_unit_test(rooms),
		cmocka_unit_test(families),
		cmocka_unit_test(noise),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
