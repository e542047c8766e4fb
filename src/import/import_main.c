/*
 * import_main.c - reads the logs of others, by time, and makes a log of them.
 */
#include "import_main.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "clock.h"
#include "diag.h"
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
	"                    log) or weechat (the logs of WeeChat)\n"
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
	"                    或 weechat (WeeChat 的日志)\n"
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

static bool put(void *context, const struct import_heard *heard) {
	return import_log_put(context, heard);
}

static bool make_log(struct import_gathering *gathering, const char *folder,
                     struct import_tally *tally) {
	struct import_log *log = import_log_create(folder, tally);
	bool is_good = log != NULL &&
	               import_merge(gathering->sources, gathering->sources_count, put, log) &&
	               import_log_end(log);
	import_log_destroy(log);
	return is_good;
}

static bool has_any(const struct import_tally *tally) {
	return tally->said + tally->moved + tally->renamed + tally->topics > 0;
}

static bool do_import(struct import_folder *folder, struct import_gathering *gathering,
                      struct import_reading *reading) {
	reading->context = folder;
	as_owner(folder);
	bool is_good = make_log(gathering, folder->path, reading->tally);
	if (is_good && !has_any(reading->tally)) {
		diag("there is nothing to import; the data folder %s stays as it is",
		     folder->options.data);
		is_good = false;
	}
	if (is_good) {
		is_good = import_folder_install(folder);
	} else {
		import_folder_forget(folder);
	}
	as_oneself(folder);
	if (is_good) {
		import_print(reading->tally, folder->options.data);
	}
	return is_good;
}

static bool import(const struct import_options *options) {
	static struct import_folder folder;
	struct import_tally tally = {0};
	struct import_reading reading = {.tally = &tally,
	                                 .charset = options->charset,
	                                 .now_us = clock_wall_us(),
	                                 .open_begin = as_oneself,
	                                 .open_end = as_owner};
	struct import_gathering gathering;
	if (!options->is_dry_run) {
		import_folder_open(&folder, options->data);
	}
	bool is_good = import_gather(&gathering, &reading, options);
	if (is_good && options->is_dry_run) {
		(void)import_merge(gathering.sources, gathering.sources_count, count, &tally);
		import_print(&tally, NULL);
	} else if (is_good) {
		is_good = do_import(&folder, &gathering, &reading);
	} else if (!options->is_dry_run) {
		as_owner(&folder);
		import_folder_forget(&folder);
		as_oneself(&folder);
	}
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
