// SPDX-License-Identifier: MIT
/*
 * The filter is a list of what is denied, not of what is allowed: name look-ups, TLS and the C
 * library may use other calls tomorrow, and the systemd unit has the list of what is allowed. A
 * denied call fails with EPERM, which the caller meets as any other error; killing would turn a
 * surprise in a library into an outage. The only file that includes cap-ng.h and seccomp.h.
 */
#include "daemon/privileges.h"

#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <sys/prctl.h>

#ifdef HAVE_CAP_NG
#include <cap-ng.h>
#endif
#ifdef HAVE_SECCOMP
#include <sched.h>
#include <seccomp.h>
#endif

#include "config/config.h"
#include "lib/log.h"

const char *privilege_name(enum privilege privilege)
{
	static const char *const names[] = {
	    [PRIVILEGE_PTRACE] = "CAP_SYS_PTRACE",
	    [PRIVILEGE_READ_SEARCH] = "CAP_DAC_READ_SEARCH",
	    [PRIVILEGE_KILL] = "CAP_KILL",
	    [PRIVILEGE_NETWORKS] = "CAP_SYS_ADMIN",
	};

	_Static_assert(sizeof(names) / sizeof(names[0]) == PRIVILEGE_COUNT, "a name each");
	assert(privilege < PRIVILEGE_COUNT);
	return names[privilege];
}

static void add_mode(struct privilege_needs *needs, enum inspector_mode mode)
{
	needs->signals |= mode == INSPECTOR_SIGNAL;
	needs->networks |= mode != INSPECTOR_OFF;
}

struct privilege_needs privileges_needed(const struct config *config)
{
	struct privilege_needs needs = {.signals = false};
	size_t i;

	add_mode(&needs, config->inspector.mode);
	for (i = 0; i < config->app_count; i++)
		add_mode(&needs, config->apps[i].inspector_mode);
	return needs;
}

/* ---- capabilities ---- */

#ifdef HAVE_CAP_NG

static const unsigned capabilities[PRIVILEGE_COUNT] = {
    [PRIVILEGE_PTRACE] = CAP_SYS_PTRACE,
    [PRIVILEGE_READ_SEARCH] = CAP_DAC_READ_SEARCH,
    [PRIVILEGE_KILL] = CAP_KILL,
    [PRIVILEGE_NETWORKS] = CAP_SYS_ADMIN,
};

bool privilege_is_held(enum privilege privilege)
{
	return capng_get_caps_process() == 0 &&
	       capng_have_capability(CAPNG_EFFECTIVE, capabilities[privilege]) != 0;
}

static void keep(unsigned capability)
{
	(void)capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, capability);
}

static bool is_kept_capability(unsigned capability, const bool is_kept[PRIVILEGE_COUNT],
                               bool may_bind)
{
	enum privilege i;

	for (i = 0; i < PRIVILEGE_COUNT; i++)
		if (capabilities[i] == capability)
			return is_kept[i];
	return may_bind && capability == CAP_NET_BIND_SERVICE;
}

/* Of what was read last. Inheritable ones count, although nothing is executed. */
static bool holds_more_than(const bool is_kept[PRIVILEGE_COUNT], bool may_bind)
{
	unsigned capability;

	for (capability = 0; capability <= CAP_LAST_CAP; capability++)
		if (!is_kept_capability(capability, is_kept, may_bind) &&
		    (capng_have_capability(CAPNG_PERMITTED, capability) != 0 ||
		     capng_have_capability(CAPNG_INHERITABLE, capability) != 0))
			return true;
	return false;
}

static void forbid_new(void)
{
	/* Where the kernel knows no ambient ones, there are none to clear. */
	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		log_warn(-errno, "cannot forbid new privileges");
}

void privileges_drop(struct privilege_needs needs)
{
	const bool is_wanted[PRIVILEGE_COUNT] = {
	    [PRIVILEGE_PTRACE] = true,
	    [PRIVILEGE_READ_SEARCH] = true,
	    [PRIVILEGE_KILL] = needs.signals,
	    [PRIVILEGE_NETWORKS] = needs.networks,
	};
	bool is_kept[PRIVILEGE_COUNT], has_bind, may_bound;
	enum privilege i;

	forbid_new();
	if (capng_get_caps_process() != 0) {
		log_warnx("cannot read the capabilities, keeping them");
		return;
	}
	for (i = 0; i < PRIVILEGE_COUNT; i++)
		is_kept[i] =
		    is_wanted[i] && capng_have_capability(CAPNG_PERMITTED, capabilities[i]);
	has_bind = capng_have_capability(CAPNG_PERMITTED, CAP_NET_BIND_SERVICE);
	may_bound = capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP);
	/* A service manager may have done it, and denied capset(2) with it. */
	if (!holds_more_than(is_kept, needs.binds))
		return;
	capng_clear(CAPNG_SELECT_ALL);
	for (i = 0; i < PRIVILEGE_COUNT; i++)
		if (is_kept[i])
			keep(capabilities[i]);
	if (needs.binds && has_bind)
		keep(CAP_NET_BIND_SERVICE);
	/* The bounding set first, while CAP_SETPCAP is there to do it. */
	if ((may_bound && capng_apply(CAPNG_SELECT_BOUNDS) != 0) ||
	    capng_apply(CAPNG_SELECT_CAPS) != 0)
		log_warnx("cannot give up capabilities, keeping them");
}

#else

bool privilege_is_held(enum privilege privilege)
{
	(void)privilege;
	return false;
}

void privileges_drop(struct privilege_needs needs)
{
	(void)needs;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		log_warn(-errno, "cannot forbid new privileges");
}

#endif

void privileges_report(void)
{
	if (!privilege_is_held(PRIVILEGE_PTRACE))
		log_info("other users' processes are not recognised without the capability "
		         "missing=%s",
		         privilege_name(PRIVILEGE_PTRACE));
	else if (!privilege_is_held(PRIVILEGE_READ_SEARCH))
		log_info("open files and closed directories of other users are not read without "
		         "the capability missing=%s",
		         privilege_name(PRIVILEGE_READ_SEARCH));
}

/* ---- system calls ---- */

/* The sanitizers of the compiler trace and clone when the process ends. */
#if defined(HAVE_SECCOMP) && !defined(HAVE_ASAN)

static const char *const denied[] = {
    /* other programs, other processes */
    "execve",
    "execveat",
    "fork",
    "vfork",
    "ptrace",
    "process_vm_readv",
    "process_vm_writev",
    "pidfd_getfd",
    "process_madvise",
    "process_mrelease",
    "kcmp",
    /* other views of the system */
    "unshare",
    "chroot",
    "pivot_root",
    "mount",
    "umount2",
    "move_mount",
    "open_tree",
    "fsopen",
    "fsconfig",
    "fsmount",
    "fspick",
    "mount_setattr",
    "open_by_handle_at",
    "mknod",
    "mknodat",
    "swapon",
    "swapoff",
    "quotactl",
    "quotactl_fd",
    "acct",
    /* the kernel itself */
    "init_module",
    "finit_module",
    "delete_module",
    "kexec_load",
    "kexec_file_load",
    "reboot",
    "bpf",
    "perf_event_open",
    "userfaultfd",
    "io_uring_setup",
    "io_uring_enter",
    "io_uring_register",
    "keyctl",
    "add_key",
    "request_key",
    "iopl",
    "ioperm",
    "modify_ldt",
    "personality",
    "syslog",
    "vhangup",
    "lookup_dcookie",
    /* clocks, names, identities */
    "settimeofday",
    "clock_settime",
    "clock_adjtime",
    "adjtimex",
    "sethostname",
    "setdomainname",
    "setuid",
    "setgid",
    "setreuid",
    "setregid",
    "setresuid",
    "setresgid",
    "setgroups",
    "setfsuid",
    "setfsgid",
    "capset",
};

/* To another process; tgkill stays, by which abort(3) ends this one. */
static const char *const signals[] = {"kill", "tkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo",
                                      "pidfd_send_signal"};

static int deny(scmp_filter_ctx filter, const char *name, int error)
{
	int number = seccomp_syscall_resolve_name(name);

	/* Negative: one that this architecture has not. */
	return number < 0 ? 0
	                  : seccomp_rule_add(filter, SCMP_ACT_ERRNO((uint16_t)error), number, 0);
}

static int deny_all(scmp_filter_ctx filter, const char *const *names, size_t count)
{
	int result = 0;
	size_t i;

	for (i = 0; i < count && result == 0; i++)
		result = deny(filter, names[i], EPERM);
	return result;
}

/*
 * New threads only. The flags of clone3 are in memory, where no filter sees them: without it the C
 * library falls back to clone.
 */
static int deny_processes(scmp_filter_ctx filter)
{
	int result = deny(filter, "clone3", ENOSYS);

	if (result < 0)
		return result;
	return seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1,
	                        SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0));
}

/* Network namespaces and no others, and those only where they are needed. */
static int deny_namespaces(scmp_filter_ctx filter, bool may_enter_networks)
{
	if (!may_enter_networks)
		return deny(filter, "setns", EPERM);
	return seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(setns), 1,
	                        SCMP_A1(SCMP_CMP_NE, CLONE_NEWNET));
}

static int fill(scmp_filter_ctx filter, struct privilege_needs needs)
{
	int result = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);

	if (result == 0)
		result = deny_all(filter, denied, sizeof(denied) / sizeof(denied[0]));
	if (result == 0)
		result = deny_namespaces(filter, needs.networks);
	if (result == 0 && !needs.signals)
		result = deny_all(filter, signals, sizeof(signals) / sizeof(signals[0]));
	if (result == 0)
		result = deny_processes(filter);
	return result == 0 ? seccomp_load(filter) : result;
}

void privileges_filter(struct privilege_needs needs)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	int result = filter != NULL ? fill(filter, needs) : -ENOMEM;

	if (result < 0)
		log_warn(result, "cannot filter system calls, going on without");
	seccomp_release(filter);
}

#else

void privileges_filter(struct privilege_needs needs)
{
	(void)needs;
}

#endif
