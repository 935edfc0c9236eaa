package render

import "time"

// clockWidth is the width of 15:04:05.000000.
const clockWidth = 15

// appendClock appends the time of day to the microsecond, of a frame that has
// no time "-" as wide.
func appendClock(dst []byte, t time.Time, utc bool) []byte {
	if t.IsZero() {
		return append(dst, "-              "[:clockWidth]...)
	}
	seconds := t.Unix()
	if !utc {
		_, offset := t.Local().Zone()
		seconds += int64(offset)
	}
	ofDay := int(seconds % 86400)
	if ofDay < 0 {
		ofDay += 86400
	}
	us := t.Nanosecond() / 1000
	var b [clockWidth]byte
	putTimeOfDay(b[:], ofDay)
	b[8] = '.'
	put2(b[9:], us/10000)
	put2(b[11:], us/100%100)
	put2(b[13:], us%100)
	return append(dst, b[:]...)
}

// putTimeOfDay writes seconds since midnight as 15:04:05.
func putTimeOfDay(b []byte, seconds int) {
	put2(b[0:], seconds/3600)
	b[2] = ':'
	put2(b[3:], seconds/60%60)
	b[5] = ':'
	put2(b[6:], seconds%60)
}

// put2 writes n, 0 to 99, as two digits.
func put2(b []byte, n int) {
	const digits = "00010203040506070809" + "10111213141516171819" + "20212223242526272829" +
		"30313233343536373839" + "40414243444546474849" + "50515253545556575859" +
		"60616263646566676869" + "70717273747576777879" + "80818283848586878889" + "90919293949596979899"
	b[0], b[1] = digits[2*n], digits[2*n+1]
}

// appendTime appends a time in UTC as RFC 3339 with nine digits, without
// quotes. A year outside 0 to 9999 is not of RFC 3339: ok is false.
func appendTime(dst []byte, t time.Time) (_ []byte, ok bool) {
	seconds := t.Unix()
	days, ofDay := seconds/86400, int(seconds%86400)
	if ofDay < 0 {
		days, ofDay = days-1, ofDay+86400
	}
	year, month, day := civil(days)
	if year < 0 || year > 9999 {
		return dst, false
	}
	ns := t.Nanosecond()
	var b [30]byte
	put2(b[0:], year/100)
	put2(b[2:], year%100)
	b[4] = '-'
	put2(b[5:], month)
	b[7] = '-'
	put2(b[8:], day)
	b[10] = 'T'
	putTimeOfDay(b[11:], ofDay)
	b[19] = '.'
	for i, unit := 20, 10_000_000; i < 28; i, unit = i+2, unit/100 {
		put2(b[i:], ns/unit%100)
	}
	b[28], b[29] = byte('0'+ns%10), 'Z'
	return append(dst, b[:]...), true
}

// civil returns the date of a day that is counted from 1970-01-01, in the
// proleptic Gregorian calendar. Years begin with March here, so that a leap
// day is the last of its year.
func civil(days int64) (year, month, day int) {
	days += 719468 // from 0000-03-01
	era := days / 146097
	if days < 0 {
		era = (days - 146096) / 146097
	}
	ofEra := days - era*146097
	yearOfEra := (ofEra - ofEra/1460 + ofEra/36524 - ofEra/146096) / 365
	ofYear := ofEra - (365*yearOfEra + yearOfEra/4 - yearOfEra/100)
	m := (5*ofYear + 2) / 153 // 0 is March
	year, month, day = int(yearOfEra+era*400), int(m)+3, int(ofYear-(153*m+2)/5)+1
	if month > 12 {
		year, month = year+1, month-12
	}
	return year, month, day
}
