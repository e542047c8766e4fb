/*
 * import_main.c - reads the logs of others, by time, and makes a log of them.
 */
#include "import_main.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "clock.h"
#include "diag.h"
#include "import_enlist.h"
#include "import_folder.h"
#include "import_gather.h"
#include "import_options.h"
#include "privileges.h"
#include "tongue.h"

static const char in_english[] =
	"Usage: qun import [OPTION]... --from FORM FILE|FOLDER...\n"
	"Bring the history that others have kept into a data folder that has none.\n"
	"No server may be running on it.\n"
	"\n"
	"  --data DIR        the data folder (default $XDG_DATA_HOME/qun, or\n"
	"                    /var/lib/qun as root)\n"
	"  --from FORM       what the files behind it are: znc (the logs of ZNC's module\n"
	"                    log), weechat (the logs of WeeChat), or ergo (its ircd.db,\n"
	"                    what HistServ exports, what importdb takes)\n"
	"  --room ROOM       the room that they go to (default: each to its own)\n"
	"  --timezone ZONE   where their clock was: Asia/Shanghai, UTC, +08:00\n"
	"                    (default: this machine's)\n"
	"  --charset NAME    what lines are that are not UTF-8, such as GB18030\n"
	"  --dry-run         read all, say what would be taken, and change nothing\n"
	"  --help            this text\n"
	"\n"
	"More: man qun-import\n";

static const char in_chinese[] =
	"用法: qun import [选项]... --from 格式 文件|目录...\n"
	"把别的软件留下的聊天记录导入一个还没有记录的数据目录。\n"
	"这时不能有服务器在用它。\n"
	"\n"
	"  --data 目录       数据目录 (默认 $XDG_DATA_HOME/qun，root 为 /var/lib/qun)\n"
	"  --from 格式       后面的文件是什么: znc (ZNC 的 log 模块的日志)\n"
	"                    weechat (WeeChat 的日志)，或 ergo (它的 ircd.db、\n"
	"                    HistServ 导出的、importdb 能读的)\n"
	"  --room 房间       都放进这个房间 (默认各进各的房间)\n"
	"  --timezone 时区   日志里是哪里的时间: Asia/Shanghai、UTC、+08:00\n"
	"                    (默认为本机的)\n"
	"  --charset 名称    不是 UTF-8 的行用什么编码，例如 GB18030\n"
	"  --dry-run         全部读一遍，说明会导入什么，什么也不改\n"
	"  --help            显示本帮助\n"
	"\n"
	"详见 man qun-import\n";

/* Files are opened as whoever runs the import; all else is done as the owner of the data folder. */
static void as_oneself(void *context) {
	const struct import_folder *folder = context;
	if (folder != NULL) {
		privileges_return(&folder->options);
	}
}

static void as_owner(void *context) {
	const struct import_folder *folder = context;
	if (folder != NULL) {
		privileges_borrow(&folder->options);
	}
}

/* ---- trying ---- */

static bool count(void *context, const struct import_heard *heard) {
	struct import_tally *tally = context;
	switch (heard->line.kind) {
	case IMPORT_JOINED:
	case IMPORT_PARTED: tally->moved++; break;
	case IMPORT_RENAMED: tally->renamed++; break;
	case IMPORT_TOPIC: tally->topics++; break;
	default: tally->said++; break;
	}
	if (tally->lines % 8192 == 0) {
		import_progress(tally);
	}
	return true;
}

/* ---- doing ---- */

struct making {
	struct import_log *log;
	struct import_enlisting *enlisting;
};

static bool put(void *context, const struct import_heard *heard) {
	struct making *making = context;
	return import_enlist_until(making->enlisting, making->log, heard->time_us) &&
	       import_log_put(making->log, heard);
}

static bool make_log(struct import_gathering *gathering, struct import_enlisting *enlisting,
                     const char *folder, const struct import_reading *reading) {
	struct making making = {.log = import_log_create(folder, reading->tally),
	                        .enlisting = enlisting};
	bool is_good = making.log != NULL &&
	               import_merge(gathering->sources, gathering->sources_count, put, &making) &&
	               import_enlist_end(enlisting, making.log, reading->now_us) &&
	               import_log_end(making.log);
	import_log_destroy(making.log);
	return is_good;
}

static bool has_any(const struct import_gathering *gathering, const struct import_tally *tally) {
	uint64_t accounts = 0;
	for (size_t i = 0; i < gathering->listed_count; i++) {
		accounts += gathering->listed[i].registry.accounts_count;
	}
	return tally->said + tally->moved + tally->renamed + tally->topics + tally->rooms +
	               accounts >
	       0;
}

/* As the owner of the data folder. */
static bool make_all(struct import_folder *folder, struct import_gathering *gathering,
                     struct import_enlisting *enlisting, const struct import_reading *reading) {
	if (!make_log(gathering, enlisting, folder->path, reading)) {
		return false;
	}
	if (!has_any(gathering, reading->tally)) {
		diag("there is nothing to import; the data folder %s stays as it is",
		     folder->options.data);
		return false;
	}
	return import_accounts_add(enlisting, folder->options.data, reading->now_us) &&
	       import_folder_install(folder);
}

static bool do_import(struct import_folder *folder, struct import_gathering *gathering,
                      struct import_enlisting *enlisting, struct import_reading *reading) {
	reading->context = folder;
	as_owner(folder);
	bool is_good = make_all(folder, gathering, enlisting, reading);
	if (!is_good) {
		import_folder_forget(folder);
	}
	as_oneself(folder);
	if (is_good) {
		import_print(reading->tally, folder->options.data);
	}
	return is_good;
}

/* What would be; what of it is there already, only the folder knows. */
static void try_import(struct import_gathering *gathering, struct import_tally *tally) {
	for (size_t i = 0; i < gathering->listed_count; i++) {
		tally->accounts += gathering->listed[i].registry.accounts_count;
		tally->rooms += gathering->listed[i].registry.channels_count;
	}
	(void)import_merge(gathering->sources, gathering->sources_count, count, tally);
	import_print(tally, NULL);
}

static bool import(const struct import_options *options) {
	static struct import_folder folder;
	struct import_tally tally = {0};
	struct import_reading reading = {.tally = &tally,
	                                 .charset = options->charset,
	                                 .now_us = clock_wall_us(),
	                                 .open_begin = as_oneself,
	                                 .open_end = as_owner};
	static struct import_gathering gathering;
	if (!options->is_dry_run) {
		import_folder_open(&folder, options->data);
	}
	bool is_good = import_gather(&gathering, &reading, options);
	struct import_enlisting *enlisting =
		is_good ? import_enlist_create(gathering.listed, gathering.listed_count, &tally)
			: NULL;
	is_good = enlisting != NULL;
	if (is_good && options->is_dry_run) {
		try_import(&gathering, &tally);
	} else if (is_good) {
		is_good = do_import(&folder, &gathering, enlisting, &reading);
	} else if (!options->is_dry_run) {
		as_owner(&folder);
		import_folder_forget(&folder);
		as_oneself(&folder);
	}
	import_enlist_destroy(enlisting);
	import_gathering_finish(&gathering);
	return is_good;
}

int import_main(int argc, char **argv) {
	struct import_options options;
	char trouble[OPTION_TROUBLE_BYTES];
	int code = EXIT_DONE;
	diag_name("import");
	if (!import_options_parse(&options, argc - 1, argv + 1, trouble)) {
		diag("%s; see qun import --help", trouble);
		code = EXIT_USAGE;
	} else if (options.is_help) {
		fputs(tongue() == LANGUAGE_ZH ? in_chinese : in_english, stdout);
	} else {
		if (options.timezone[0] != '\0') {
			(void)setenv("TZ", options.timezone, 1);
		}
		tzset();
		code = import(&options) ? EXIT_DONE : EXIT_FIX_ME;
	}
	free(options.words);
	return code;
}
