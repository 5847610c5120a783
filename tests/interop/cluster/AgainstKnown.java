import org.apache.flink.api.common.typeutils.base.LongSerializer;
import org.apache.flink.api.common.typeutils.base.StringSerializer;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.runtime.state.KeyGroupRangeAssignment;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;
import org.rocksdb.ColumnFamilyDescriptor;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.ColumnFamilyOptions;
import org.rocksdb.DBOptions;
import org.rocksdb.Options;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksIterator;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Opens, with the RocksDB of this Flink and to be written to, what `chkctl restore` made of a
 * {@link KnownJob}, and compares every entry. A line of the input: DIRECTORY, limit, keys, text
 * (length), max parallelism and where to write the verdict, separated by tabs. The verdict: `ENTRIES
 * entries of DATABASES databases`, and how many of them have more in a changelog; or lines that say
 * what is wrong.
 */
public class AgainstKnown {
    private final int maxParallelism;
    private final Map<String, String> expected;
    private final Map<String, String> found = new TreeMap<>();
    private final List<String> wrong = new ArrayList<>();

    private AgainstKnown(int maxParallelism, Map<String, String> expected) {
        this.maxParallelism = maxParallelism;
        this.expected = expected;
    }

    public static void main(String[] args) throws Exception {
        RocksDB.loadLibrary();
        BufferedReader lines =
                new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line; (line = lines.readLine()) != null; ) {
            String[] parts = line.split("\t");
            long[] numbers = new long[4];
            for (int i = 0; i < numbers.length; i++) {
                numbers[i] = Long.parseLong(parts[i + 1]);
            }
            Map<String, String> expected = Known.after(numbers[0], numbers[1], (int) numbers[2]);
            AgainstKnown against = new AgainstKnown((int) numbers[3], expected);
            java.nio.file.Files.write(new File(parts[5]).toPath(), against.all(parts[0]));
        }
    }

    private List<String> all(String directory) {
        int databases = 0;
        int behind = 0;
        try {
            File root = new File(directory);
            JsonNode report = new ObjectMapper().readTree(new File(root, "restore.json"));
            for (JsonNode one : report.get("databases")) {
                read(new File(root, one.get("directory").asText()), one);
                databases++;
                behind += one.get("changelog").isNull() ? 0 : 1;
            }
            expected.forEach(
                    (entry, value) -> {
                        if (!value.equals(found.get(entry))) {
                            wrong.add(entry + ": " + found.get(entry) + ", not " + value);
                        }
                    });
            found.keySet().removeAll(expected.keySet());
            found.forEach((entry, value) -> wrong.add(entry + ": " + value + ", not there"));
        } catch (Exception failure) {
            wrong.add(failure.toString());
        }
        if (wrong.isEmpty() && databases > 0) {
            String changelog = behind > 0 ? ", " + behind + " with a changelog" : "";
            wrong.add(expected.size() + " entries of " + databases + " databases" + changelog);
        } else {
            wrong.add(0, wrong.size() + " differences from " + expected.size() + " entries:");
        }
        return wrong;
    }

    /** Reads a database; of what its files hold beyond its key groups Flink knows nothing either. */
    private void read(File place, JsonNode report) throws Exception {
        List<ColumnFamilyDescriptor> families = new ArrayList<>();
        for (byte[] name : RocksDB.listColumnFamilies(new Options(), place.getPath())) {
            ColumnFamilyOptions options = new ColumnFamilyOptions();
            families.add(
                    new ColumnFamilyDescriptor(
                            name, options.setMergeOperatorName("stringappendtest")));
        }
        List<ColumnFamilyHandle> handles = new ArrayList<>();
        try (RocksDB db = RocksDB.open(new DBOptions(), place.getPath(), families, handles)) {
            for (int i = 0; i < handles.size(); i++) {
                String name = new String(families.get(i).getName(), StandardCharsets.UTF_8);
                long entries = 0;
                try (RocksIterator rows = db.newIterator(handles.get(i))) {
                    for (rows.seekToFirst(); rows.isValid(); rows.next()) {
                        entries++;
                        row(name, rows.key(), rows.value(), report.get("key_groups"));
                    }
                    rows.status();
                }
                for (JsonNode family : report.get("column_families")) {
                    boolean exact = family.get("name").asText().equals(name);
                    exact &= family.get("entries_exact").asBoolean();
                    if (exact && family.get("entries").asLong() != entries) {
                        wrong.add(place + ": " + family + ", and there are " + entries);
                    }
                }
                handles.get(i).close();
            }
        }
    }

    private void row(String family, byte[] rowKey, byte[] rowValue, JsonNode groups)
            throws IOException {
        DataInputDeserializer key = new DataInputDeserializer(rowKey);
        DataInputDeserializer value = new DataInputDeserializer(rowValue);
        int group = maxParallelism > 128 ? key.readUnsignedShort() : key.readUnsignedByte();
        if (group < groups.get("start").asInt() || group > groups.get("end").asInt()) {
            return;
        }
        String state = family;
        Object of;
        String inMap = "";
        String said;
        if (family.equals("_timer_state/processing_user-timers")) {
            state = "timers";
            inMap = "" + (key.readLong() ^ Long.MIN_VALUE);
            of = LongSerializer.INSTANCE.deserialize(key);
            said = "";
        } else if (family.equals("words")) {
            of = StringSerializer.INSTANCE.deserialize(key);
            List<String> list = new ArrayList<>();
            while (value.available() > 0) {
                list.add(StringSerializer.INSTANCE.deserialize(value));
                separator(value, family);
            }
            said = Known.joined(list);
        } else {
            of = LongSerializer.INSTANCE.deserialize(key);
            switch (family) {
                case "count":
                case "sum":
                    said = "" + value.readLong();
                    break;
                case "text":
                    said = StringSerializer.INSTANCE.deserialize(value);
                    break;
                case "list":
                    List<Long> list = new ArrayList<>();
                    while (value.available() > 0) {
                        list.add(value.readLong());
                        separator(value, family);
                    }
                    said = Known.joined(list);
                    break;
                case "map":
                    key.readByte();
                    inMap = StringSerializer.INSTANCE.deserialize(key);
                    said = value.readBoolean() ? "null" : "" + value.readLong();
                    break;
                default:
                    throw new IOException("a column family " + family);
            }
        }
        // After it comes the namespace, of which there is only one here.
        int rest = family.equals("map") ? 0 : 1;
        if (key.available() != rest || value.available() != 0) {
            wrong.add(family + " " + of + ": " + key.available() + " bytes of the key are left");
        }
        if (group != KeyGroupRangeAssignment.assignToKeyGroup(of, maxParallelism)) {
            wrong.add(family + " " + of + ": in key group " + group);
        }
        String before = found.put(state + "\t" + of + "\t" + inMap, said);
        if (before != null) {
            wrong.add(family + " " + of + ": twice");
        }
    }

    private void separator(DataInputDeserializer value, String family) throws IOException {
        if (value.available() > 0 && value.readByte() != ',') {
            wrong.add(family + ": elements that no comma separates");
        }
    }
}
