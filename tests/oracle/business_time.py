"""Business time the slow way: one local day after the other, with Python's own time zones."""

import datetime
import zoneinfo


class Calendar:
    """Local days of one time zone; business time is 00:00-24:00 of working days."""

    def __init__(self, timezone="UTC", working_days=range(1, 8), holidays=()):
        self.zone = zoneinfo.ZoneInfo(timezone)
        self.working_days = set(working_days)  # ISO: Monday is 1
        self.holidays = {datetime.date.fromisoformat(day) for day in holidays}

    def day_of(self, ms):
        epoch = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
        return (epoch + datetime.timedelta(milliseconds=ms)).astimezone(self.zone).date()

    def begin(self, day):
        midnight = datetime.datetime(day.year, day.month, day.day, tzinfo=self.zone)
        return int(midnight.timestamp()) * 1000

    def works(self, day):
        return day.isoweekday() in self.working_days and day not in self.holidays

    def elapsed(self, start, end):
        """Business ms between two instants."""
        total = 0
        day = self.day_of(start)
        while self.begin(day) < end:
            tomorrow = next_day(day)
            if self.works(day):
                total += min(end, self.begin(tomorrow)) - max(start, self.begin(day))
            day = tomorrow
        return total

    def due(self, start, business_ms):
        """The earliest instant at which so much business time has elapsed."""
        if business_ms == 0:
            return start
        left = business_ms
        day = self.day_of(start)
        while True:
            tomorrow = next_day(day)
            if self.works(day):
                opens = max(start, self.begin(day))
                if opens + left <= self.begin(tomorrow):
                    return opens + left
                left -= self.begin(tomorrow) - opens
            day = tomorrow

    def end_of_working_day(self, start, working_days):
        """24:00 of the day so many working days after the day of start."""
        day = self.day_of(start)
        while not self.works(day):
            day = next_day(day)
        for _ in range(working_days):
            day = next_day(day)
            while not self.works(day):
                day = next_day(day)
        return self.begin(next_day(day))


def next_day(day):
    return day + datetime.timedelta(days=1)


class Calendars:
    """Which calendar a storefront uses: {"calendars": {name: {"timezone", "working_days",
    "holidays"}}, "storefronts": {storefront: name}, "default": name}. The name `always` is
    a calendar without pauses, in UTC."""

    def __init__(self, document=None):
        document = document or {}
        self.by_name = {"always": Calendar()}
        for name, text in document.get("calendars", {}).items():
            working_days = text.get("working_days", range(1, 6))
            self.by_name[name] = Calendar(text["timezone"], working_days,
                                          text.get("holidays", ()))
        self.storefronts = document.get("storefronts", {})
        self.default = document.get("default", "always")

    def of(self, storefront):
        return self.by_name[self.storefronts.get(storefront, self.default)]
