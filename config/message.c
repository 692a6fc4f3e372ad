// SPDX-License-Identifier: MIT
/* See message.h. */
#include "config/message.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "config/document.h"

/* Messages quote the file; a control character in it shall not reach a terminal. */
static void disarm(char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			*text = '?';
}

__attribute__((format(printf, 4, 0))) static void
format_message(const struct config_messages *messages, const struct node *node, char *out,
               const char *format, va_list arguments)
{
	int length = snprintf(out, CONFIG_MESSAGE_SIZE, "%s:%zu:%zu: ", messages->name, node->line,
	                      node->column);

	if (length >= 0 && length < CONFIG_MESSAGE_SIZE)
		(void)vsnprintf(out + length, CONFIG_MESSAGE_SIZE - (size_t)length, format,
		                arguments);
	disarm(out);
}

int config_error(struct config_messages *messages, const struct node *node, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	format_message(messages, node, messages->error, format, arguments);
	va_end(arguments);
	return -EINVAL;
}

int config_no_memory(struct config_messages *messages)
{
	(void)snprintf(messages->error, CONFIG_MESSAGE_SIZE, "%s: out of memory", messages->name);
	return -ENOMEM;
}

void config_warning(struct config_messages *messages, const struct node *node, const char *format,
                    ...)
{
	char message[CONFIG_MESSAGE_SIZE];
	va_list arguments;

	if (messages->warn == NULL)
		return;
	va_start(arguments, format);
	format_message(messages, node, message, format, arguments);
	va_end(arguments);
	messages->warn(messages->warn_context, message);
}
