import org.apache.flink.runtime.checkpoint.MasterState;
import org.apache.flink.runtime.checkpoint.OperatorState;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.checkpoint.metadata.CheckpointMetadata;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.apache.flink.runtime.state.OperatorStateHandle;
import org.apache.flink.runtime.state.StreamStateHandle;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;

import java.io.BufferedReader;
import java.io.File;
import java.io.InputStreamReader;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Compares what Flink loads from a metadata file with what {@code chkctl inspect --output json}
 * printed about it, in the names of chkctl's JSON contract.
 *
 * <p>Reads lines {@code FILE TAB JSON TAB OUT} from its input and writes to OUT what differs; the
 * last line says how much was compared.
 *
 * <p>What the contract leaves null (a size or an id that the file does not have, where Flink makes
 * one up) is not compared; neither is the content of state.
 */
public class AgainstInspect {
    private static int compared;
    private static List<String> differences;
    private static String directory;

    public static void main(String[] args) throws Exception {
        BufferedReader lines =
                new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line; (line = lines.readLine()) != null; ) {
            String[] parts = line.split("\t");
            compared = 0;
            differences = new ArrayList<>();
            try {
                File file = new File(parts[0]).getAbsoluteFile();
                directory = file.getParent();
                JsonNode ours = new ObjectMapper().readTree(new File(parts[1]));
                compare("$", tree(LoadMetadata.load(file, directory)), ours);
            } catch (Throwable problem) {
                differences.add("cannot be compared: " + problem);
            }
            int count = differences.size();
            differences.add(compared + " values compared, " + count + " differ");
            Files.write(new File(parts[2]).toPath(), differences, StandardCharsets.UTF_8);
        }
    }

    // ---------------------------------------------------------------- comparing

    private static void compare(String at, Object flink, JsonNode ours) {
        if (ours == null) {
            differ(at, flink, "nothing");
        } else if (flink instanceof Map) {
            for (Map.Entry<?, ?> entry : ((Map<?, ?>) flink).entrySet()) {
                String key = (String) entry.getKey();
                compare(at + "." + key, entry.getValue(), ours.get(key));
            }
        } else if (flink instanceof Collection) {
            List<?> list = new ArrayList<>((Collection<?>) flink);
            if (!ours.isArray() || ours.size() != list.size()) {
                differ(at + ".length", list.size(), ours.size());
            }
            for (int i = 0; i < Math.min(list.size(), ours.size()); i++) {
                compare(at + "[" + i + "]", list.get(i), ours.get(i));
            }
        } else if (flink instanceof IfKnown) {
            if (!ours.isNull()) {
                compare(at, ((IfKnown) flink).value, ours);
            }
        } else {
            compared++;
            boolean same =
                    flink == null
                            ? ours.isNull()
                            : flink instanceof Number
                                    ? ours.isIntegralNumber()
                                            && ours.longValue() == ((Number) flink).longValue()
                                    : flink instanceof Boolean
                                            ? ours.isBoolean() && flink.equals(ours.booleanValue())
                                            : ours.isTextual() && flink.equals(ours.textValue());
            if (!same) {
                differ(at, flink, ours);
            }
        }
    }

    private static void differ(String at, Object flink, Object ours) {
        differences.add(at + ": Flink " + flink + ", chkctl " + ours);
    }

    /** A value which Flink makes up if the file has none, and which is then null for us. */
    private static class IfKnown {
        final Object value;

        IfKnown(Object value) {
            this.value = value;
        }
    }

    // ---------------------------------------------------------------- what Flink says

    private static Map<String, Object> map(Object... pairs) {
        Map<String, Object> map = new LinkedHashMap<>();
        for (int i = 0; i < pairs.length; i += 2) {
            map.put((String) pairs[i], pairs[i + 1]);
        }
        return map;
    }

    private static Object call(Object object, String name) {
        return object == null ? null : LoadMetadata.call(object, name);
    }

    private static List<Object> list(Object collection) {
        return collection == null ? new ArrayList<>() : new ArrayList<>((Collection<?>) collection);
    }

    private interface Each {
        Object apply(Object element) throws Exception;
    }

    private static List<Object> each(Object collection, Each each) throws Exception {
        List<Object> out = new ArrayList<>();
        for (Object element : list(collection)) {
            out.add(each.apply(element));
        }
        return out;
    }

    private static Object tree(CheckpointMetadata metadata) throws Exception {
        Object properties = call(metadata, "getCheckpointProperties");
        List<Object> masters = new ArrayList<>();
        for (MasterState s : metadata.getMasterStates()) {
            masters.add(map("name", s.name(), "version", s.version(), "bytes", s.bytes().length));
        }
        long stateBytes = 0;
        List<Object> operators = new ArrayList<>();
        for (OperatorState operator : metadata.getOperatorStates()) {
            stateBytes += operator.getStateSize();
            operators.add(operator(operator));
        }
        Map<String, Object> checkpoint =
                map(
                        "id", metadata.getCheckpointId(),
                        "state_bytes", stateBytes,
                        "master_states", masters);
        if (properties != null) {
            checkpoint.put("properties", fields(properties));
            boolean savepoint = (Boolean) call(properties, "isSavepoint");
            checkpoint.put("kind", savepoint ? "savepoint" : "checkpoint");
        }
        return map("checkpoint", checkpoint, "operators", operators);
    }

    /** The fields of an object in snake case; a checkpoint type also with its class. */
    private static Map<String, Object> fields(Object object) throws Exception {
        Map<String, Object> out = new TreeMap<>();
        for (Class<?> c = object.getClass(); c != Object.class; c = c.getSuperclass()) {
            for (Field field : c.getDeclaredFields()) {
                if (Modifier.isStatic(field.getModifiers())) {
                    continue;
                }
                field.setAccessible(true);
                Object value = field.get(object);
                boolean plain = value instanceof Boolean || value instanceof String;
                if (value instanceof Enum) {
                    value = ((Enum<?>) value).name();
                } else if (!plain) {
                    String type = value.getClass().getSimpleName();
                    value = fields(value);
                    asMap(value).put("class", type);
                }
                String name = field.getName().replaceAll("([A-Z])", "_$1");
                out.put(name.toLowerCase(Locale.ROOT), value);
            }
        }
        return out;
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> asMap(Object map) {
        return (Map<String, Object>) map;
    }

    private static Object optional(Object value) {
        return value instanceof Optional ? ((Optional<?>) value).orElse(null) : value;
    }

    private static Object operator(OperatorState operator) throws Exception {
        List<Object> subtasks = new ArrayList<>();
        Map<Integer, OperatorSubtaskState> states = operator.getSubtaskStates();
        for (Map.Entry<Integer, OperatorSubtaskState> entry : new TreeMap<>(states).entrySet()) {
            subtasks.add(subtask(entry.getKey(), entry.getValue()));
        }
        return map(
                "operator_id", operator.getOperatorID().toHexString(),
                "uid", new IfKnown(optional(call(operator, "getOperatorUid"))),
                "name", new IfKnown(optional(call(operator, "getOperatorName"))),
                "parallelism", operator.getParallelism(),
                "max_parallelism", operator.getMaxParallelism(),
                "fully_finished", call(operator, "isFullyFinished"),
                "state_bytes", operator.getStateSize(),
                "new_bytes", new IfKnown(call(operator, "getCheckpointedSize")),
                "coordinator", stream(operator.getCoordinatorState()),
                "subtasks", subtasks);
    }

    private static Object subtask(int index, OperatorSubtaskState subtask) throws Exception {
        return map(
                "index", index,
                "finished", subtask.isFinished(),
                "state_bytes", subtask.getStateSize(),
                "new_bytes", new IfKnown(call(subtask, "getCheckpointedSize")),
                "managed_keyed", each(subtask.getManagedKeyedState(), AgainstInspect::keyed),
                "raw_keyed", each(subtask.getRawKeyedState(), AgainstInspect::keyed),
                "managed_operator", each(subtask.getManagedOperatorState(), h -> operatorState(h)),
                "raw_operator", each(subtask.getRawOperatorState(), h -> operatorState(h)),
                "input_channel", each(subtask.getInputChannelState(), h -> channel(h)),
                "result_subpartition", each(subtask.getResultSubpartitionState(), h -> channel(h)));
    }

    private static Object stream(Object handle) throws Exception {
        if (handle == null) {
            return null;
        }
        String type = handle.getClass().getSimpleName();
        Map<String, Object> out = map("class", type);
        out.put("state_bytes", ((StreamStateHandle) handle).getStateSize());
        if (type.equals("ByteStreamStateHandle")) {
            byte[] data = (byte[]) call(handle, "getData");
            out.put("name", call(handle, "getHandleName"));
            out.put("inline_bytes", data.length);
            out.put("sha256", LoadMetadata.sha256(data));
        } else if (type.equals("KeyGroupsStateHandle")) {
            return keyGroups(handle, out);
        } else {
            // The path of an empty segment is a word, not a path.
            Object path = call(handle, "getFilePath");
            boolean empty = type.equals("EmptySegmentFileStateHandle");
            out.put("path", empty ? path.toString() : path(path));
        }
        if (type.equals("RelativeFileStateHandle")) {
            out.put("relative_path", call(handle, "getRelativePath"));
        } else if (type.contains("Segment")) {
            out.put("offset", call(handle, "getStartPos"));
            out.put("scope", String.valueOf(call(handle, "getScope")));
            out.put("logical_file_id", call(call(handle, "getLogicalFileId"), "getKeyString"));
        }
        return out;
    }

    /** Relative to the directory of the file when below it, a URI with an authority otherwise. */
    private static String path(Object path) {
        String plain = ((org.apache.flink.core.fs.Path) path).toUri().getPath();
        boolean below = plain.startsWith(directory + "/");
        return below ? plain.substring(directory.length() + 1) : "file://" + plain;
    }

    private static Object keyed(Object handle) throws Exception {
        String type = handle.getClass().getSimpleName();
        KeyedStateHandle keyed = (KeyedStateHandle) handle;
        KeyGroupRange range = keyed.getKeyGroupRange();
        Map<String, Object> groups =
                range.getNumberOfKeyGroups() == 0
                        ? null
                        : map("start", range.getStartKeyGroup(), "end", range.getEndKeyGroup());
        Map<String, Object> out =
                map(
                        "class", type,
                        "key_groups", groups,
                        "state_bytes", keyed.getStateSize(),
                        "new_bytes", new IfKnown(call(handle, "getCheckpointedSize")));
        Object id = call(call(handle, "getStateHandleId"), "getKeyString");
        out.put("state_handle_id", new IfKnown(id));
        if (type.startsWith("KeyGroups")) {
            return keyGroups(handle, out);
        } else if (type.startsWith("Incremental")) {
            out.put("backend_id", String.valueOf(call(handle, "getBackendIdentifier")));
            out.put("checkpoint_id", call(handle, "getCheckpointId"));
            Object meta = call(handle, "getMetaDataStateHandle");
            out.put("meta", stream(meta != null ? meta : call(handle, "getMetaStateHandle")));
            out.put("shared", files(call(handle, "getSharedState")));
            out.put("private", files(call(handle, "getPrivateState")));
        } else if (type.startsWith("ChangelogStateBackendHandle")) {
            Object both = call(handle, "getMaterializedStateHandles");
            out.put("materialized", each(both, AgainstInspect::keyed));
            both = call(handle, "getNonMaterializedStateHandles");
            out.put("non_materialized", each(both, AgainstInspect::keyed));
            out.put("materialization_id", call(handle, "getMaterializationID"));
            out.put("checkpoint_id", new IfKnown(call(handle, "getCheckpointId")));
        } else if (type.equals("ChangelogStateHandleStreamImpl")) {
            Object storage = call(handle, "getStorageIdentifier");
            if (storage != null) {
                out.put("storage", storage);
            }
            Object parts = call(handle, "getHandlesAndOffsets");
            out.put(
                    "handles",
                    each(
                            parts,
                            part ->
                                    map(
                                            "offset", tuple(part, "f1"),
                                            "handle", stream(tuple(part, "f0")))));
            out.put("incremental_bytes", call(handle, "getCheckpointedSize"));
        } else if (type.equals("InMemoryChangelogStateHandle")) {
            out.put("from", call(handle, "getFrom"));
            out.put("to", call(handle, "getTo"));
            out.put("changes", list(call(handle, "getChanges")).size());
        } else {
            throw new IllegalStateException("unknown handle " + type);
        }
        return out;
    }

    private static Object tuple(Object tuple, String field) throws Exception {
        return tuple.getClass().getField(field).get(tuple);
    }

    private static Object keyGroups(Object handle, Map<String, Object> out) throws Exception {
        org.apache.flink.runtime.state.KeyGroupsStateHandle groups =
                (org.apache.flink.runtime.state.KeyGroupsStateHandle) handle;
        List<Object> offsets = new ArrayList<>();
        for (int group : groups.getKeyGroupRange()) {
            offsets.add(groups.getOffsetForKeyGroup(group));
        }
        out.put("offsets", offsets);
        out.put("handle", stream(groups.getDelegateStateHandle()));
        return out;
    }

    /** Until 1.17 a map by local name, since then a list. */
    private static List<Object> files(Object files) throws Exception {
        List<Map<String, Object>> out = new ArrayList<>();
        if (files instanceof Map) {
            for (Map.Entry<?, ?> entry : ((Map<?, ?>) files).entrySet()) {
                Object name = call(entry.getKey(), "getKeyString");
                out.add(map("local_name", name, "handle", stream(entry.getValue())));
            }
        } else {
            for (Object file : list(files)) {
                Object handle = stream(call(file, "getHandle"));
                out.add(map("local_name", call(file, "getLocalPath"), "handle", handle));
            }
        }
        out.sort(Comparator.comparing(file -> (String) file.get("local_name")));
        return new ArrayList<>(out);
    }

    private static Object operatorState(Object object) throws Exception {
        OperatorStateHandle handle = (OperatorStateHandle) object;
        Map<String, Object> states = new TreeMap<>();
        handle.getStateNameToPartitionOffsets()
                .forEach(
                        (name, state) -> {
                            List<Object> offsets = new ArrayList<>();
                            for (long offset : state.getOffsets()) {
                                offsets.add(offset);
                            }
                            String mode = state.getDistributionMode().name();
                            states.put(name, map("mode", mode, "offsets", offsets));
                        });
        Map<String, Object> out =
                map(
                        "class", handle.getClass().getSimpleName(),
                        "state_bytes", handle.getStateSize(),
                        "states", states,
                        "handle", stream(handle.getDelegateStateHandle()));
        for (String name : new String[] {"task_owned_dir", "shared_dir"}) {
            boolean shared = name.equals("shared_dir");
            Object of = call(handle, shared ? "getSharedDirHandle" : "getTaskOwnedDirHandle");
            Object directory = call(of, "getDirectory");
            if (directory != null) {
                // A java.nio.file.Path in 1.20, a path of Flink's since.
                out.put(name, path(new org.apache.flink.core.fs.Path(directory.toString())));
            }
        }
        return out;
    }

    private static Object channel(Object handle) throws Exception {
        List<Object> infos = new ArrayList<>();
        Object parts = call(handle, "getUnmergedHandles");
        for (Object one : parts == null ? List.of(handle) : list(parts)) {
            Object info = call(one, "getInfo");
            boolean input = info.getClass().getSimpleName().startsWith("Input");
            infos.add(
                    map(
                            input ? "gate" : "partition",
                            call(info, input ? "getGateIdx" : "getPartitionIdx"),
                            input ? "channel" : "subpartition",
                            call(info, input ? "getInputChannelIdx" : "getSubPartitionIdx"),
                            "offsets",
                            call(one, "getOffsets"),
                            "bytes",
                            call(one, "getStateSize")));
        }
        return map(
                "class", handle.getClass().getSimpleName(),
                "state_bytes", call(handle, "getStateSize"),
                "subtask", call(handle, "getSubtaskIndex"),
                "infos", infos,
                "handle", stream(call(handle, "getDelegate")));
    }
}
