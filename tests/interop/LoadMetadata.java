import org.apache.flink.runtime.checkpoint.Checkpoints;
import org.apache.flink.runtime.checkpoint.OperatorState;
import org.apache.flink.runtime.checkpoint.metadata.CheckpointMetadata;

import java.io.BufferedReader;
import java.io.DataInputStream;
import java.io.File;
import java.io.FileInputStream;
import java.io.InputStreamReader;
import java.lang.reflect.Array;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;

/**
 * Loads metadata files with Flink's own loader and writes down every field of every object that
 * comes out, one line each.
 *
 * <p>Reads lines {@code FILE TAB DIRECTORY TAB OUT TAB CHANNELS} from its input; DIRECTORY is where
 * FILE is said to lie; CHANNELS is "split" if merged channel handles shall be written as one handle
 * for each channel, else "exact". The fields are found by reflection, so that none is forgotten and
 * every release can be asked. What the loader makes up by itself (random ids that the file does not
 * have) is told from what it read by loading twice.
 */
public class LoadMetadata {
    private static final String MADE_UP = "(made up when loaded)";

    public static void main(String[] args) throws Exception {
        BufferedReader lines =
                new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line; (line = lines.readLine()) != null; ) {
            String[] parts = line.split("\t");
            List<String> dump;
            try {
                dump = dump(new File(parts[0]), parts[1], parts[3].equals("split"));
            } catch (Throwable problem) {
                dump = Collections.singletonList("cannot be loaded: " + problem);
            }
            Files.write(new File(parts[2]).toPath(), dump, StandardCharsets.UTF_8);
        }
    }

    static CheckpointMetadata load(File file, String directory) throws Exception {
        try (DataInputStream in = new DataInputStream(new FileInputStream(file))) {
            ClassLoader loader = LoadMetadata.class.getClassLoader();
            return Checkpoints.loadCheckpointMetadata(in, loader, "file:" + directory);
        }
    }

    private static List<String> dump(File file, String directory, boolean split) throws Exception {
        List<String> first = walk(load(file, directory), split);
        List<String> second = walk(load(file, directory), split);
        if (first.size() != second.size()) {
            throw new IllegalStateException("two loads give different numbers of fields");
        }
        for (int i = 0; i < first.size(); i++) {
            String line = first.get(i);
            if (!line.equals(second.get(i))) {
                first.set(i, line.substring(0, line.indexOf(" = ") + 3) + MADE_UP);
            }
        }
        return first;
    }

    private static List<String> walk(CheckpointMetadata metadata, boolean split) throws Exception {
        LoadMetadata walker = new LoadMetadata(split);
        walker.value("checkpointId", metadata.getCheckpointId());
        // A method that not every release has; those without read no properties either.
        walker.value("properties", call(metadata, "getCheckpointProperties"));
        walker.value("masterStates", metadata.getMasterStates());
        List<OperatorState> operators = new ArrayList<>(metadata.getOperatorStates());
        operators.sort(Comparator.comparing(operator -> operator.getOperatorID().toHexString()));
        walker.line("operators.size", operators.size());
        for (OperatorState operator : operators) {
            walker.value("operator." + operator.getOperatorID().toHexString(), operator);
        }
        return walker.lines;
    }

    private final List<String> lines = new ArrayList<>();
    private final Set<Object> open = Collections.newSetFromMap(new IdentityHashMap<>());

    private final boolean split;

    private LoadMetadata(boolean split) {
        this.split = split;
    }

    private void line(String path, Object value) {
        lines.add(path + " = " + value);
    }

    private void value(String path, Object value) throws Exception {
        if (value == null
                || value instanceof Number
                || value instanceof Boolean
                || value instanceof Enum
                || value instanceof UUID
                || value instanceof URI) {
            line(path, value);
        } else if (value instanceof String) {
            line(path, quote((String) value));
        } else if (value instanceof org.apache.flink.core.fs.Path
                || value instanceof java.nio.file.Path) {
            line(path, quote(value.toString()));
        } else if (value instanceof byte[]) {
            byte[] bytes = (byte[]) value;
            line(path, bytes.length + " bytes, sha256 " + sha256(bytes));
        } else if (value instanceof Optional) {
            value(path, ((Optional<?>) value).orElse(null));
        } else if (value.getClass().isArray()) {
            line(path + ".size", Array.getLength(value));
            for (int i = 0; i < Array.getLength(value); i++) {
                value(path + "[" + i + "]", Array.get(value, i));
            }
        } else if (value instanceof Map) {
            map(path, (Map<?, ?>) value);
        } else if (value instanceof Collection) {
            list(path, (Collection<?>) value);
        } else if (value.getClass().getName().startsWith("org.apache.flink.")) {
            object(path, value);
        } else {
            throw new IllegalStateException(path + ": what is a " + value.getClass() + "?");
        }
    }

    /** Maps have no order; files by local name were a map until 1.17 and are a list since. */
    private void map(String path, Map<?, ?> map) throws Exception {
        Map<String, Object> sorted = new TreeMap<>();
        for (Map.Entry<?, ?> entry : map.entrySet()) {
            Object id = call(entry.getKey(), "getKeyString");
            sorted.put(String.valueOf(id == null ? entry.getKey() : id), entry.getValue());
        }
        line(path + ".size", map.size());
        for (Map.Entry<String, Object> entry : sorted.entrySet()) {
            value(path + "{" + quote(entry.getKey()) + "}", entry.getValue());
        }
    }

    private void list(String path, Collection<?> list) throws Exception {
        boolean files = !list.isEmpty() && list.stream().allMatch(o -> localPath(o) != null);
        if (files) {
            Map<String, Object> byName = new TreeMap<>();
            for (Object file : list) {
                byName.put(localPath(file), call(file, "getHandle"));
            }
            if (byName.size() == list.size()) {
                map(path, byName);
                return;
            }
        }
        List<Object> elements = new ArrayList<>();
        for (Object element : list) {
            Object parts = split && element != null ? call(element, "getUnmergedHandles") : null;
            if (parts == null) {
                elements.add(element);
            } else {
                elements.addAll((Collection<?>) parts);
            }
        }
        line(path + ".size", elements.size());
        int i = 0;
        for (Object element : elements) {
            value(path + "[" + i++ + "]", element);
        }
    }

    private static String localPath(Object object) {
        return object == null ? null : (String) call(object, "getLocalPath");
    }

    private void object(String path, Object object) throws Exception {
        if (!open.add(object)) {
            line(path, "(itself)");
            return;
        }
        line(path + ".class", object.getClass().getSimpleName());
        List<Field> fields = new ArrayList<>();
        for (Class<?> c = object.getClass(); c != Object.class; c = c.getSuperclass()) {
            fields.addAll(Arrays.asList(c.getDeclaredFields()));
        }
        fields.sort(Comparator.comparing(Field::getName));
        for (Field field : fields) {
            if (!Modifier.isStatic(field.getModifiers()) && !field.isSynthetic()) {
                field.setAccessible(true);
                value(path + "." + field.getName(), field.get(object));
            }
        }
        open.remove(object);
    }

    /** Calls a method without parameters, whoever declares it; null if nobody does. */
    static Object call(Object object, String name) {
        try {
            for (Class<?> c = object.getClass(); c != null; c = c.getSuperclass()) {
                for (Method method : c.getDeclaredMethods()) {
                    if (method.getName().equals(name) && method.getParameterCount() == 0) {
                        method.setAccessible(true);
                        return method.invoke(object);
                    }
                }
            }
            return null;
        } catch (ReflectiveOperationException problem) {
            throw new IllegalStateException(name + " of " + object.getClass(), problem);
        }
    }

    static String sha256(byte[] bytes) throws Exception {
        StringBuilder hex = new StringBuilder();
        for (byte b : MessageDigest.getInstance("SHA-256").digest(bytes)) {
            hex.append(String.format("%02x", b));
        }
        return hex.toString();
    }

    /** Printable, on one line, and told from null. */
    private static String quote(String text) {
        StringBuilder out = new StringBuilder("\"");
        for (char c : text.toCharArray()) {
            out.append(c >= ' ' && c < 127 ? String.valueOf(c) : String.format("\\u%04x", (int) c));
        }
        return out.append('"').toString();
    }
}
