// SPDX-License-Identifier: MIT
/*
 * SVG: well-formed whatever the text, small paths, no number that XML readers do not know.
 */
#include "lib/svg.h"

#include <math.h>
#include <string.h>

#include "tests/unit/unit.h"

static struct buf text;

static void check(const char *expected)
{
	ck_assert_str_eq(buf_string(&text), expected);
	ck_assert(!buf_failed(&text));
	buf_done(&text);
}

static void begin(void)
{
	text = BUF_INIT(65536);
}

START_TEST(test_a_document_has_title_and_description)
{
	const struct svg_document document = {
	    .width = 100,
	    .height = 50.5,
	    .title = "a<b",
	    .description = "c&d",
	    .style = "text{fill:red}\n",
	};

	begin();
	svg_begin(&text, &document);
	svg_end(&text);
	check("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 100 50.5\" width=\"100\" "
	      "height=\"50.5\" role=\"img\" aria-labelledby=\"title description\">\n"
	      "<title id=\"title\">a&lt;b</title>\n<desc id=\"description\">c&amp;d</desc>\n"
	      "<style>\ntext{fill:red}\n</style>\n</svg>\n");
}
END_TEST

START_TEST(test_an_inline_drawing_is_named_or_hidden)
{
	begin();
	svg_begin_inline(&text, "spark", 120, 20.5, "rises < 5");
	svg_end(&text);
	svg_begin_inline(&text, "bar", 1, 1, NULL);
	svg_end(&text);
	check("<svg class=\"spark\" viewBox=\"0 0 120 20.5\" preserveAspectRatio=\"none\" "
	      "role=\"img\" aria-label=\"rises &lt; 5\"></svg>\n"
	      "<svg class=\"bar\" viewBox=\"0 0 1 1\" preserveAspectRatio=\"none\" "
	      "aria-hidden=\"true\"></svg>\n");
}
END_TEST

START_TEST(test_elements_have_class_and_place)
{
	const struct svg_box box = {1, -2, 3.25, -4};

	begin();
	svg_text(&text, "label", 1.04, 2, SVG_END, "5 < 6");
	svg_rect(&text, "bar", &box);
	check("<text class=\"label\" x=\"1\" y=\"2\" text-anchor=\"end\">5 &lt; 6</text>\n"
	      "<rect class=\"bar\" x=\"1\" y=\"-2\" width=\"3.3\" height=\"0\"/>\n");
}
END_TEST

START_TEST(test_paths_are_relative_and_lose_no_precision)
{
	struct svg_path path;
	int i;

	begin();
	path = svg_path_begin(&text, "line");
	svg_path_line(&path, 10, 20);
	svg_path_line(&path, 10, 20.01);
	svg_path_line(&path, 10, 15);
	svg_path_line(&path, 12.5, 15);
	svg_path_line(&path, 13, 16);
	svg_path_move(&path, 0, 0);
	svg_path_line(&path, 1, 1);
	svg_path_end(&path, true);
	check("<path class=\"line\" d=\"m10 20v-5h2.5l0.5 1m-13-16l1 1z\"/>\n");

	begin();
	path = svg_path_begin(&text, "line");
	for (i = 0; i < 1000; i++)
		svg_path_line(&path, i * 0.0333, 0);
	ck_assert_double_eq_tol(path.x, 999 * 0.0333, 0.051);
	buf_done(&text);
}
END_TEST

START_TEST(test_an_empty_path_is_no_error)
{
	struct svg_path path;

	begin();
	path = svg_path_begin(&text, "line");
	svg_path_end(&path, true);
	check("<path class=\"line\" d=\"\"/>\n");
}
END_TEST

START_TEST(test_what_is_not_finite_is_zero)
{
	const struct svg_box box = {(double)NAN, (double)INFINITY, 1e300, -1e300};

	begin();
	svg_rect(&text, "bar", &box);
	check("<rect class=\"bar\" x=\"0\" y=\"0\" width=\"1000000\" height=\"0\"/>\n");
}
END_TEST

UNIT_MAIN("svg", test_a_document_has_title_and_description,
          test_an_inline_drawing_is_named_or_hidden, test_elements_have_class_and_place,
          test_paths_are_relative_and_lose_no_precision, test_an_empty_path_is_no_error,
          test_what_is_not_finite_is_zero)
