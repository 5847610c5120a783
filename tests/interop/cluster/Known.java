import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;
import java.util.TreeMap;

/** What the states of {@link KnownJob} hold, worked out with plain collections. */
public final class Known {
    /** When the timers of the job are due: not soon. */
    static final long DUE = 4_102_444_800_000L;

    private Known() {}

    /** A text that says little and does not compress well. */
    static String text(long number, int length) {
        StringBuilder text = new StringBuilder(length + 12);
        long bits = number;
        while (text.length() < length) {
            bits = bits * 6364136223846793005L + 1442695040888963407L;
            text.append(Long.toString(bits >>> 8, 36));
        }
        text.setLength(length);
        return text.toString();
    }

    /** The entries after the numbers 0 to limit - 1: state, tab, key, tab, key in the map; value. */
    static Map<String, String> after(long limit, long keys, int length) {
        Map<String, String> entries = new TreeMap<>();
        for (long key = 0; key < Math.min(keys, limit); key++) {
            long count = 0;
            long sum = 0;
            String text = null;
            List<Long> list = new ArrayList<>();
            List<String> words = new ArrayList<>();
            Map<String, Long> map = new HashMap<>();
            for (long number = key; number < limit; number += keys) {
                long round = number / keys;
                count++;
                sum += number;
                text = round % 4 == 1 && key % 5 == 0 ? null : text(number, length);
                if (round % 4 == 3) {
                    list.clear();
                } else {
                    list.add(number);
                }
                if (round % 3 == 2) {
                    map.remove("m" + (round - 1) % 7);
                }
                map.put("m" + round % 7, number);
                if (round % 9 == 8) {
                    words.clear();
                }
                words.add(text(number, 3 + (int) (number % 20)));
            }
            entries.put("count\t" + key + "\t", "" + count);
            entries.put("sum\t" + key + "\t", "" + sum);
            if (text != null) {
                entries.put("text\t" + key + "\t", text);
            }
            if (!list.isEmpty()) {
                entries.put("list\t" + key + "\t", joined(list));
            }
            for (Map.Entry<String, Long> entry : map.entrySet()) {
                entries.put("map\t" + key + "\t" + entry.getKey(), "" + entry.getValue());
            }
            if (key % 3 == 0) {
                entries.put("timers\t" + key + "\t" + (DUE + key), "");
            }
            entries.put("words\tk" + key + "\t", joined(words));
        }
        return entries;
    }

    /** A list, as text. */
    static String joined(Iterable<?> list) {
        StringJoiner joined = new StringJoiner(" ");
        list.forEach(one -> joined.add(one.toString()));
        return joined.toString();
    }
}
