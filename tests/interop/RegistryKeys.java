import org.apache.flink.core.fs.Path;
import org.apache.flink.runtime.checkpoint.OperatorState;
import org.apache.flink.runtime.checkpoint.metadata.CheckpointMetadata;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;

import java.io.BufferedReader;
import java.io.File;
import java.io.InputStreamReader;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.Executor;

/**
 * Registers the shared state of metadata files in Flink's own shared state registry and writes down
 * under which keys it holds which file.
 *
 * <p>Reads lines {@code OUT TAB IN [TAB IN]...}. An IN is a metadata file, or what {@code chkctl
 * inspect JOB --files --output json} printed if its name ends in .json. OUT gets one sorted line
 * for each key: the base name of the file (a UUID), and the key.
 */
public class RegistryKeys {
    /** The registry deletes duplicates; here it must not. */
    private static final Executor NOTHING = command -> {};

    public static void main(String[] args) throws Exception {
        BufferedReader lines =
                new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line; (line = lines.readLine()) != null; ) {
            String[] parts = line.split("\t");
            TreeSet<String> keys = new TreeSet<>();
            for (int i = 1; i < parts.length; i++) {
                File file = new File(parts[i]).getAbsoluteFile();
                try {
                    if (parts[i].endsWith(".json")) {
                        ours(new ObjectMapper().readTree(file), keys);
                    } else {
                        flinks(LoadMetadata.load(file, file.getParent()), keys);
                    }
                } catch (Throwable problem) {
                    keys.add("cannot be registered: " + file + ": " + problem);
                }
            }
            Files.write(new File(parts[0]).toPath(), keys, StandardCharsets.UTF_8);
        }
    }

    private static void ours(JsonNode document, TreeSet<String> keys) {
        for (JsonNode file : document.get("files")) {
            Path path = new Path(file.get("path").textValue());
            for (JsonNode key : file.get("registry_keys")) {
                keys.add(path.getName() + " " + key.textValue());
            }
        }
    }

    private static void flinks(CheckpointMetadata metadata, TreeSet<String> keys) throws Exception {
        Object registry = registry();
        for (OperatorState operator : metadata.getOperatorStates()) {
            for (Method method : OperatorState.class.getMethods()) {
                if (method.getName().equals("registerSharedStates")) {
                    Object id = metadata.getCheckpointId();
                    // Only with an id since 1.15.
                    boolean one = method.getParameterCount() == 1;
                    Object[] with = one ? new Object[] {registry} : new Object[] {registry, id};
                    method.invoke(operator, with);
                }
            }
        }
        Field states = registry.getClass().getDeclaredField("registeredStates");
        states.setAccessible(true);
        for (Map.Entry<?, ?> entry : ((Map<?, ?>) states.get(registry)).entrySet()) {
            Field field = entry.getValue().getClass().getDeclaredField("stateHandle");
            field.setAccessible(true);
            Object handle = field.get(entry.getValue());
            String type = handle.getClass().getSimpleName();
            if (type.equals("FileStateHandle")
                    || type.equals("RelativeFileStateHandle")
                    || type.equals("SegmentFileStateHandle")) {
                Path path = (Path) LoadMetadata.call(handle, "getFilePath");
                Object key = LoadMetadata.call(entry.getKey(), "getKeyString");
                keys.add(path.getName() + " " + key);
            }
        }
    }

    private static Object registry() throws Exception {
        String name = "org.apache.flink.runtime.state.SharedStateRegistry";
        Class<?> type = Class.forName(name);
        // An interface since 1.15.
        type = type.isInterface() ? Class.forName(name + "Impl") : type;
        return type.getConstructor(Executor.class).newInstance(NOTHING);
    }
}
