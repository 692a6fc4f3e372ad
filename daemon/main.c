// SPDX-License-Identifier: MIT
/*
 * heapwatchd: options, configuration, and the way out. Everything else is in daemon.c and below.
 * Exit status: 0 fine, 1 failure, 2 usage or bad configuration.
 */
#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "config/config.h"
#include "daemon/daemon.h"
#include "daemon/exposition/http_gate.h"
#include "daemon/exposition/listen.h"
#include "daemon/privileges.h"
#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/numbers.h"
#include "lib/options.h"
#include "lib/units.h"

#define EXIT_USAGE      2
#define DUMP_MAX        (4U << 20)
#define MESSAGE_SIZE    512
#define REQUESTS_MAX    1000
#define LARGE_BYTES     (128 * KIB)
#define INTERVAL_MIN_NS (100 * NS_PER_MS) /* as sampling.interval of the file */
#define INTERVAL_MAX_NS (10 * NS_PER_MINUTE)

#define DEFAULT_CONFIG_FILE  SYSCONFDIR "/heapwatch/heapwatchd.yml"
#define DEFAULT_STORAGE_PATH LOCALSTATEDIR "/lib/heapwatch"

DEFINE_CLEANUP(struct config, config_free)

struct arguments {
	const char *config_file;
	struct option_list listen_addresses;
	const char *web_config_file;
	const char *telemetry_path;
	const char *max_requests;
	const char *procfs_path;
	const char *rootfs_path;
	const char *storage_path;
	const char *sample_interval;
	struct option_list gc_log_globs;
	const char *inspector;
	const char *log_level;
	const char *log_format;
	bool config_check;
	bool config_dump;
	bool systemd_socket;
	bool enable_lifecycle;
	bool enable_admin_api;
	bool once;
	bool version;
	bool help;
	/* Of the texts above: */
	uint64_t interval_ns;
	enum inspector_mode inspector_mode;
};

#define ROW(flag, word, kind_of, member, otherwise, text)                                    \
	{                                                                                    \
		.name = (flag), .argument = (word), .fallback = (otherwise), .help = (text), \
		.kind = (kind_of), .offset = offsetof(struct arguments, member)              \
	}

static const struct option_row option_rows[] = {
    ROW("config.file", "FILE", OPTION_STRING, config_file, DEFAULT_CONFIG_FILE,
        "Configuration; the default one may be absent."),
    ROW("config.check", NULL, OPTION_FLAG, config_check, NULL,
        "Check the configuration and exit: 0 valid, 2 not."),
    ROW("config.dump", NULL, OPTION_FLAG, config_dump, NULL,
        "Print the configuration in effect and exit."),
    ROW("web.listen-address", "ADDRESS", OPTION_LIST, listen_addresses, ":10765",
        "Where to serve: HOST:PORT, :PORT, [V6]:PORT or unix:PATH; repeatable."),
    ROW("web.systemd-socket", NULL, OPTION_FLAG, systemd_socket, NULL,
        "Serve on the sockets that systemd opened, instead of addresses."),
    ROW("web.config.file", "FILE", OPTION_STRING, web_config_file, NULL,
        "TLS and passwords, the file of Prometheus's exporters."),
    ROW("web.telemetry-path", "PATH", OPTION_STRING, telemetry_path, "/metrics",
        "Where the metrics are."),
    ROW("web.max-requests", "N", OPTION_STRING, max_requests, "40",
        "Requests served at once; beyond it 503."),
    ROW("web.enable-lifecycle", NULL, OPTION_FLAG, enable_lifecycle, NULL,
        "Reload the configuration at POST /-/reload."),
    ROW("web.enable-admin-api", NULL, OPTION_FLAG, enable_admin_api, NULL,
        "Explain processes at POST /api/v1/processes/APP/SLOT/explain."),
    ROW("path.procfs", "DIR", OPTION_STRING, procfs_path, "/proc", "Where proc is mounted."),
    ROW("path.rootfs", "DIR", OPTION_STRING, rootfs_path, "/", "Where the host's root is mounted."),
    ROW("storage.path", "DIR", OPTION_STRING, storage_path, DEFAULT_STORAGE_PATH,
        "What must survive a restart."),
    ROW("sample.interval", "DURATION", OPTION_STRING, sample_interval, "5s",
        "Time between two samples; overrides sampling.interval."),
    ROW("gc.log", "GLOB", OPTION_LIST, gc_log_globs, NULL,
        "Follow these GC logs, too; repeatable."),
    ROW("inspector", "MODE", OPTION_STRING, inspector, "off",
        "Use of V8's inspector: off, attach or signal; overrides inspector.mode."),
    ROW("once", NULL, OPTION_FLAG, once, NULL,
        "Sample for a moment, print one exposition and exit."),
    ROW("log.level", "LEVEL", OPTION_STRING, log_level, "info", "debug, info, warn or error."),
    ROW("log.format", "FORMAT", OPTION_STRING, log_format, "logfmt", "logfmt or json."),
    ROW("version", NULL, OPTION_FLAG, version, NULL, "Print the version and exit."),
    ROW("help", NULL, OPTION_FLAG, help, NULL, "Print this help and exit."),
};

static const struct option_table options = {
    .program = "heapwatchd",
    .synopsis = "[OPTION]...",
    .purpose = "Watch the Node.js processes of this host for memory leaks.",
    .rows = option_rows,
    .count = sizeof(option_rows) / sizeof(option_rows[0]),
};

static int usage_error(const char *message)
{
	(void)fprintf(stderr, "heapwatchd: %s\n", message);
	return -EINVAL;
}

static int set_up_log(const struct arguments *arguments)
{
	enum log_level level = LOG_LEVEL_INFO;
	enum log_format format = LOG_FORMAT_LOGFMT;

	if (arguments->log_level != NULL && log_level_parse(arguments->log_level, &level) < 0)
		return usage_error("--log.level: expected debug, info, warn or error");
	if (arguments->log_format != NULL && log_format_parse(arguments->log_format, &format) < 0)
		return usage_error("--log.format: expected logfmt or json");
	log_setup(level, format);
	return 0;
}

static void on_config_warning(void *context, const char *message)
{
	(void)context;
	log_warnx("%s", message);
}

/* Those that stand for keys of the file. */
static int parse_overrides(struct arguments *arguments)
{
	if (arguments->sample_interval != NULL &&
	    (duration_parse(arguments->sample_interval, &arguments->interval_ns) < 0 ||
	     arguments->interval_ns < INTERVAL_MIN_NS || arguments->interval_ns > INTERVAL_MAX_NS))
		return usage_error("--sample.interval: expected a duration of 100ms to 10m");
	if (arguments->inspector != NULL &&
	    inspector_mode_parse(arguments->inspector, &arguments->inspector_mode) < 0)
		return usage_error("--inspector: expected off, attach or signal");
	return 0;
}

/* Flags win over the file. */
static void apply_overrides(const struct arguments *arguments, struct config *config)
{
	if (arguments->sample_interval != NULL)
		config->sampling.interval_ns = arguments->interval_ns;
	if (arguments->inspector != NULL)
		config->inspector.mode = arguments->inspector_mode;
}

/* Also on a pool thread, when the configuration is read again. */
static int load_config(void *context, struct config **ret_config,
                       char reterr_message[CONFIG_MESSAGE_SIZE])
{
	const struct arguments *arguments = context;
	const char *path =
	    arguments->config_file != NULL ? arguments->config_file : DEFAULT_CONFIG_FILE;
	struct config *config = NULL;
	int r = 0;

	if (arguments->config_file == NULL && access(path, F_OK) < 0)
		config = config_new_default();
	else
		r = config_load(path, on_config_warning, NULL, &config, reterr_message);
	if (r < 0)
		return r;
	if (config == NULL) {
		(void)snprintf(reterr_message, CONFIG_MESSAGE_SIZE, "%s: out of memory", path);
		return -ENOMEM;
	}
	apply_overrides(arguments, config);
	*ret_config = config;
	return 0;
}

static int check_addresses(const struct option_list *addresses)
{
	size_t i;

	for (i = 0; i < addresses->count; i++)
		if (!listen_address_is_valid(addresses->values[i]))
			return usage_error("--web.listen-address: expected HOST:PORT, :PORT, "
			                   "[V6]:PORT or unix:/PATH");
	return 0;
}

static int fill_options(struct arguments *arguments, struct daemon_options *ret_options)
{
	uint64_t requests = 40;
	const char *text = arguments->max_requests;

	if (text != NULL && (number_parse_u64(text, strlen(text), &requests) < 0 || requests == 0 ||
	                     requests > REQUESTS_MAX))
		return usage_error("--web.max-requests: expected a number of 1 to 1000");
	if (arguments->telemetry_path != NULL &&
	    (arguments->telemetry_path[0] != '/' || arguments->telemetry_path[1] == '\0'))
		return usage_error("--web.telemetry-path: expected a path such as /metrics");
	if (check_addresses(&arguments->listen_addresses) < 0)
		return -EINVAL;
	*ret_options = (struct daemon_options){
	    .load_config = load_config,
	    .load_context = arguments,
	    .procfs_path = arguments->procfs_path != NULL ? arguments->procfs_path : "/proc",
	    .rootfs_path = arguments->rootfs_path != NULL ? arguments->rootfs_path : "/",
	    .storage_path =
	        arguments->storage_path != NULL ? arguments->storage_path : DEFAULT_STORAGE_PATH,
	    .storage_is_required = arguments->storage_path != NULL,
	    .telemetry_path =
	        arguments->telemetry_path != NULL ? arguments->telemetry_path : "/metrics",
	    .listen_addresses = arguments->listen_addresses,
	    .uses_manager_sockets = arguments->systemd_socket,
	    .web_config_path = arguments->web_config_file,
	    .allows_admin = arguments->enable_admin_api,
	    .allows_reload = arguments->enable_lifecycle,
	    .gc_log_globs = arguments->gc_log_globs,
	    .requests_max = (unsigned)requests,
	    .is_once = arguments->once,
	};
	return 0;
}

/* A pidfd and two kept files for each process: as many descriptors as we may have. */
static void raise_fd_limit(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) < 0)
		return;
	files.rlim_cur = files.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &files) < 0)
		log_warn(-errno, "cannot raise the limit of open files");
}

/* A reader that goes away is an error of the write, not a reason to die. */
static void ignore_broken_pipes(void)
{
	const struct sigaction ignore = {.sa_handler = SIG_IGN};

	if (sigaction(SIGPIPE, &ignore, NULL) < 0)
		log_warn(-errno, "cannot ignore SIGPIPE");
}

/* Else malloc keeps what a large buffer was: see mallopt(3), M_MMAP_THRESHOLD. */
static void give_back_large_buffers(void)
{
	(void)mallopt(M_MMAP_THRESHOLD, (int)LARGE_BYTES);
}

static int dump_config(const struct config *config)
{
	struct buf text = BUF_INIT(DUMP_MAX);
	int status = EXIT_SUCCESS;

	config_dump(config, &text);
	if (buf_failed(&text) || fputs(buf_string(&text), stdout) == EOF || fflush(stdout) != 0)
		status = EXIT_FAILURE;
	buf_done(&text);
	return status;
}

static int run(const struct daemon_options *daemon_options)
{
	struct privilege_needs needs = privileges_needed(daemon_options->config);
	struct daemon *daemon;
	int r;

	ignore_broken_pipes();
	give_back_large_buffers();
	raise_fd_limit();
	needs.binds = true;
	privileges_drop(needs);
	daemon = daemon_new(daemon_options);
	if (daemon == NULL)
		return EXIT_FAILURE;
	needs.binds = false;
	privileges_drop(needs);
	privileges_filter(needs);
	privileges_report();
	r = daemon_run(daemon);
	daemon_free(daemon);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int configure_and_run(struct arguments *arguments)
{
	_cleanup_(config_freep) struct config *config = NULL;
	struct daemon_options daemon_options;
	char message[CONFIG_MESSAGE_SIZE];

	if (set_up_log(arguments) < 0 || parse_overrides(arguments) < 0 ||
	    fill_options(arguments, &daemon_options) < 0)
		return EXIT_USAGE;
	if ((arguments->web_config_file != NULL &&
	     http_gate_check(arguments->web_config_file, message, sizeof(message)) < 0) ||
	    load_config(arguments, &config, message) < 0) {
		(void)fprintf(stderr, "%s\n", message);
		return EXIT_USAGE;
	}
	if (arguments->config_check)
		return EXIT_SUCCESS;
	if (arguments->config_dump)
		return dump_config(config);
	daemon_options.config = TAKE_PTR(config);
	return run(&daemon_options);
}

int main(int argc, char **argv)
{
	struct arguments arguments = {0};
	char message[MESSAGE_SIZE];
	int first_operand =
	    options_parse(&options, argc, argv, &arguments, message, sizeof(message));

	if (first_operand < 0)
		return usage_error(message) < 0 ? EXIT_USAGE : EXIT_FAILURE;
	if (arguments.help) {
		options_print_help(&options, stdout);
		return EXIT_SUCCESS;
	}
	if (arguments.version) {
		(void)printf("heapwatchd %s (revision %s)\n", PACKAGE_VERSION, HEAPWATCH_REVISION);
		return EXIT_SUCCESS;
	}
	if (first_operand < argc) {
		(void)usage_error("takes no operands; see --help");
		return EXIT_USAGE;
	}
	return configure_and_run(&arguments);
}
