/* sim_calendars.c - which business time the storefronts of a life keep.
 *
 * What the program is told stands on the left, what the oracle is told on the right:
 *
 *      shipped calendars (processor/app/calendars.def)    rules of oracle_calendar.c
 *      calendars of our own, by the tz database           the same
 *
 * A life has three storefronts: "de", one of the table, and "xx", which nobody configured. In
 * one life of four business time never pauses, so that its deadlines lie close together.
 */
#include "sim/sim.h"

#include "app/settings_calendars.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

enum { WEEKDAYS = 0x1f, MONDAY_TO_SATURDAY = 0x3f, SUNDAY_TO_THURSDAY = 0x4f, ALL_DAYS = 0x7f };

/* Days after Easter. */
enum {
    GOOD_FRIDAY = -2,
    EASTER_MONDAY = 1,
    ASCENSION = 39,
    WHIT_MONDAY = 50,
    CORPUS_CHRISTI = 60,
};

static const struct oracle_calendar by_the_clock = { .working_days = ALL_DAYS };

static const struct {
    const char *name;
    char *zone; /* NULL: the program ships this calendar */
    struct oracle_calendar calendar;
} table[] = {
    { "de",
      NULL,
      { .winter_hours = 1,
        .summer_time = true,
        .working_days = WEEKDAYS,
        .fixed = { 101, 501, 1003, 1225, 1226 },
        .after_easter = { GOOD_FRIDAY, EASTER_MONDAY, ASCENSION, WHIT_MONDAY } } },
    { "at",
      NULL,
      { .winter_hours = 1,
        .summer_time = true,
        .working_days = WEEKDAYS,
        .fixed = { 101, 106, 501, 815, 1026, 1101, 1208, 1225, 1226 },
        .after_easter = { EASTER_MONDAY, ASCENSION, WHIT_MONDAY, CORPUS_CHRISTI } } },
    { "cz",
      NULL,
      { .winter_hours = 1,
        .summer_time = true,
        .working_days = WEEKDAYS,
        .fixed = { 101, 501, 508, 705, 706, 928, 1028, 1117, 1224, 1225, 1226 },
        .after_easter = { GOOD_FRIDAY, EASTER_MONDAY } } },
    { "fr",
      NULL,
      { .winter_hours = 1,
        .summer_time = true,
        .working_days = WEEKDAYS,
        .fixed = { 101, 501, 508, 714, 815, 1101, 1111, 1225 },
        .after_easter = { EASTER_MONDAY, ASCENSION, WHIT_MONDAY } } },
    { "pl",
      NULL,
      { .winter_hours = 1,
        .summer_time = true,
        .working_days = WEEKDAYS,
        .fixed = { 101, 106, 501, 503, 815, 1101, 1111, 1224, 1225, 1226 },
        .after_easter = { EASTER_MONDAY, CORPUS_CHRISTI } } },
    { "pt",
      "Europe/Lisbon",
      { .summer_time = true,
        .working_days = MONDAY_TO_SATURDAY,
        .fixed = { 101, 425, 501, 1225 },
        .after_easter = { GOOD_FRIDAY } } },
    { "fi",
      "Europe/Helsinki",
      { .winter_hours = 2,
        .summer_time = true,
        .working_days = SUNDAY_TO_THURSDAY,
        .fixed = { 601, 1025, 1224 } } },
    { "cn",
      "Asia/Shanghai",
      { .winter_hours = 8, .working_days = ALL_DAYS, .fixed = { 101, 602, 1023 } } },
};

enum { TABLE_SIZE = sizeof table / sizeof table[0] };

/* ---- calendars that the program does not ship -------------------------------------- */

/* Those days of the years of all lives. */
static int32_t list_holidays(const struct oracle_calendar *c, int32_t *ret_days)
{
    enum { FIRST = 20089, LAST = 21183 }; /* 2025-01-01 to 2027-12-31 */
    int32_t count = 0;
    for (int32_t day = FIRST; day <= LAST; day++) {
        if (oracle_calendar_is_holiday(c, day))
            ret_days[count++] = day;
    }
    return count;
}

/* As the program makes it of a configuration that says the same. */
static const struct calendar *own_calendar(size_t number)
{
    static struct timezone_calendars made[TABLE_SIZE];
    int32_t days[3 * 2 * ORACLE_HOLIDAYS_MOST];
    char name[] = "own";
    struct settings_calendar own = { .name = name,
                                     .timezone = table[number].zone,
                                     .weekdays = (uint8_t)table[number].calendar.working_days,
                                     .holidays = days };
    const struct settings settings = { .calendars = &own, .calendar_count = 1 };
    struct reason why = { "" };
    own.holiday_count = list_holidays(&table[number].calendar, days);
    if (made[number].count == 0 && !timezone_calendars_open(&settings, &made[number], &why))
        fail_msg("%s", why.text);
    return &made[number].at[0];
}

static const struct calendar *calendar_of_program(const struct little_world *w, size_t number)
{
    if (table[number].zone != NULL)
        return own_calendar(number);
    const int32_t at = settings_calendars_find(&w->settings, table[number].name);
    assert_true(at >= 0);
    return &w->domain.calendars.at[at];
}

const char *sim_calendar_name(const struct oracle_calendar *calendar)
{
    for (size_t i = 0; i < TABLE_SIZE; i++) {
        if (&table[i].calendar == calendar)
            return table[i].name;
    }
    return "always";
}

/* ---- a life ------------------------------------------------------------------------ */

static void keep_clock_time(struct sim *s)
{
    struct rules *rules = s->world.rules;
    rules->default_calendar = &s->world.domain.calendars.at[0];
    rules->storefront_count = 0;
    for (int i = 0; i < SIM_STOREFRONTS; i++)
        s->storefronts[i].calendar = &by_the_clock;
}

static void keep_business_time(struct sim *s, const size_t numbers[SIM_STOREFRONTS])
{
    struct rules *rules = s->world.rules;
    for (int i = 0; i < SIM_STOREFRONTS; i++) {
        s->storefronts[i].calendar = &table[numbers[i]].calendar;
        s->storefront_rules[i] = (struct storefront_rule){
            .storefront = name_of(span_of_text(s->storefronts[i].name)),
            .calendar = calendar_of_program(&s->world, numbers[i]),
        };
    }
    rules->storefronts = s->storefront_rules;
    rules->storefront_count = SIM_STOREFRONTS - 1;
    rules->default_calendar = s->storefront_rules[SIM_STOREFRONTS - 1].calendar;
}

void sim_open_storefronts(struct sim *s)
{
    const size_t numbers[SIM_STOREFRONTS] = { 0, 1 + (size_t)sim_draw(s, TABLE_SIZE - 1),
                                              (size_t)sim_draw(s, TABLE_SIZE) };
    s->storefronts[0].name = table[0].name;
    s->storefronts[1].name = table[numbers[1]].name;
    s->storefronts[2].name = "xx";
    if (sim_once_in(s, 4))
        keep_clock_time(s);
    else
        keep_business_time(s, numbers);
}
