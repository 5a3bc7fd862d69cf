/* link_template_test.c - a link leads to the page of the alert, whatever its names are. */
#include "alert_support.h"

#include "codec/alert_pairs.h"
#include "codec/link_template.h"

static void assert_link(const char *text, const struct alert_change *a, const char *expected)
{
    struct link_template link;
    struct link_mistake mistake;
    struct buffer url = { 0 };
    if (!link_template_parse(text, &link, &mistake))
        fail_msg("%s", mistake.what.text);
    link_template_fill(&link, a, &url);
    buffer_add_u8(&url, 0);
    assert_string_equal((const char *)url.at, expected);
    buffer_free(&url);
}

static struct link_mistake mistake_in(const char *text)
{
    struct link_template link;
    struct link_mistake mistake;
    assert_false(link_template_parse(text, &link, &mistake));
    return mistake;
}

static void assert_mistake(const char *text, const char *expected)
{
    const struct link_mistake mistake = mistake_in(text);
    assert_string_equal(mistake.what.text, expected);
    assert_int_equal(mistake.unknown.size, 0);
}

static void each_placeholder_stands_for_its_value(void **state)
{
    (void)state;
    const struct alert_change a = sample_alert();
    assert_link("https://x/{id_seller}", &a, "https://x/4711");
    assert_link("https://x/{storefront}", &a, "https://x/de");
    assert_link("https://x/{kpi}", &a, "https://x/delivery_late");
    assert_link("https://x/{window}", &a, "https://x/7d");
    assert_link("https://x/{alert_id}", &a, "https://x/60862380-2bdc-5341-882d-96fad8a9fda1");
}

static void text_between_placeholders_stays_as_it_is(void **state)
{
    (void)state;
    const struct alert_change a = sample_alert();
    assert_link("HTTP://x:8080/a%20b?c=d&e#f", &a, "HTTP://x:8080/a%20b?c=d&e#f");
    assert_link("https://{storefront}.x/{kpi}{window}/{kpi}?s={id_seller}&x", &a,
                "https://de.x/delivery_late7d/delivery_late?s=4711&x");
}

/* An id is somebody else's text: it must not add a parameter, a host or a fragment. */
static void value_cannot_leave_its_place_in_the_url(void **state)
{
    (void)state;
    struct alert_change a = sample_alert();
    a.seller = name_of(span_of_text("a&b=c/../d?e#f%20 \"{kpi}"));
    a.storefront = name_of(span_of_text("*"));
    a.window = name_of(span_of_text("Az09-._~\xC3\xBC"));
    assert_link("https://x/{id_seller}?s={storefront}&w={window}", &a,
                "https://x/a%26b%3Dc%2F..%2Fd%3Fe%23f%2520%20%22%7Bkpi%7D?s=%2A&"
                "w=Az09-._~%C3%BC");
}

static void unknown_placeholder_is_told_with_those_that_there_are(void **state)
{
    (void)state;
    static const char text[] = "https://x/{kpi}/{seller}/{id_seller}";
    const struct link_mistake mistake = mistake_in(text);
    assert_string_equal(mistake.what.text,
                        "has {seller}, which is no placeholder; there are {id_seller}, "
                        "{storefront}, {kpi}, {window} and {alert_id}");
    assert_true(span_equal(mistake.unknown, span_of_text("{seller}")));
    assert_true(span_equal(mistake_in("https://x/{}").unknown, span_of_text("{}")));
}

static void brace_without_its_other_is_a_mistake(void **state)
{
    (void)state;
    static const char open[] = "has a { that is not closed; write } behind the placeholder's "
                               "name";
    assert_mistake("https://x/{kpi", open);
    assert_mistake("https://x/{", open);
    assert_mistake("https://x/{kpi{window}", open);
    assert_mistake("https://x/kpi}",
                   "has a } that closes no {; write %7D for the character itself");
    assert_mistake("https://x/{kpi}}",
                   "has a } that closes no {; write %7D for the character itself");
}

static void what_is_no_web_address_is_a_mistake(void **state)
{
    (void)state;
    static const char *const wrong[] = { "",         "x",           "/{kpi}",    "{kpi}",
                                         "ftp://x/", "https:/x",    "https://",  "http:///x",
                                         "://x",     "javascript:", "xhttp://x", "https://?x" };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_mistake(wrong[i],
                       "is no http or https URL; write such as https://wiki.example/kpi/{kpi}");
}

static void byte_that_no_url_has_is_a_mistake(void **state)
{
    (void)state;
    assert_mistake("https://x/a b",
                   "has the byte 0x20, which no URL may have; write %20 instead");
    assert_mistake("https://x/\n",
                   "has the byte 0x0A, which no URL may have; write %0A instead");
    assert_mistake("https://x/\xC3\xBC",
                   "has the byte 0xC3, which no URL may have; write %C3 instead");
    assert_mistake("https://x/<{kpi}>",
                   "has the byte 0x3C, which no URL may have; write %3C instead");
}

static void length_and_number_of_placeholders_are_bounded(void **state)
{
    (void)state;
    const struct alert_change a = sample_alert();
    char text[ALERT_PAIR_VALUE_BYTES_MAX + 2];
    memset(text, 'x', sizeof text);
    memcpy(text, "https://", 8);
    text[ALERT_PAIR_VALUE_BYTES_MAX] = '\0';
    assert_link(text, &a, text);
    text[ALERT_PAIR_VALUE_BYTES_MAX] = 'x';
    text[ALERT_PAIR_VALUE_BYTES_MAX + 1] = '\0';
    assert_mistake(text, "has 1001 bytes; write at most 1000");

    assert_link("https://x{window}/{window}/{window}/{window}/{window}/{window}/{window}/"
                "{window}/",
                &a, "https://x7d/7d/7d/7d/7d/7d/7d/7d/");
    assert_mistake("https://x{kpi}{kpi}{kpi}{kpi}{kpi}{kpi}{kpi}{kpi}{kpi}",
                   "has more than 8 placeholders; leave some out");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_placeholder_stands_for_its_value),
        cmocka_unit_test(text_between_placeholders_stays_as_it_is),
        cmocka_unit_test(value_cannot_leave_its_place_in_the_url),
        cmocka_unit_test(unknown_placeholder_is_told_with_those_that_there_are),
        cmocka_unit_test(brace_without_its_other_is_a_mistake),
        cmocka_unit_test(what_is_no_web_address_is_a_mistake),
        cmocka_unit_test(byte_that_no_url_has_is_a_mistake),
        cmocka_unit_test(length_and_number_of_placeholders_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
