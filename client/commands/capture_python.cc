#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/commands/capture.h"
#include "client/commands/json_line.h"

extern char** environ;

namespace plumbline::client {
namespace {

constexpr size_t kMaxOutputBytes = 16 << 20;

// Comes first: another program would take kProgram for what it is not, and print all of it.
constexpr char kProbe[] = "import sys; print('python' + str(sys.version_info[0]))";
constexpr char kProbed[] = "python3\n";

// Prints a v1::Environment as JSON. What libraries print on being imported goes to stderr.
constexpr char kProgram[] = R"python(
import importlib.util, json, locale, os, platform, re, sys
out = os.dup(1)
os.dup2(2, 1)
seeds = {"PYTHONHASHSEED": os.environ.get("PYTHONHASHSEED") or "random"}
settings, keys, packages = {}, {}, {}
try:
    from importlib import metadata
    for found in metadata.distributions():
        name = found.metadata["Name"]
        if name:
            packages.setdefault(re.sub(r"[-_.]+", "-", name).lower(), found.version or "")
except ImportError:
    import pkg_resources
    for found in pkg_resources.working_set:
        packages[re.sub(r"[-_.]+", "-", found.project_name).lower()] = found.version
for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS",
             "OPENBLAS_CORETYPE", "MKL_CBWR", "TF_DETERMINISTIC_OPS", "TF_ENABLE_ONEDNN_OPTS",
             "CUBLAS_WORKSPACE_CONFIG", "CUDA_VISIBLE_DEVICES", "NVIDIA_TF32_OVERRIDE",
             "PYTHONOPTIMIZE", "PYTHONUTF8", "TZ", "LC_ALL", "LANG"):
    if os.environ.get(name):
        settings["env." + name] = os.environ[name]
settings["python.preferred_encoding"] = locale.getpreferredencoding(False)
settings["python.byteorder"] = sys.byteorder
keys["machine"] = platform.machine()
keys["cpu_count"] = str(os.cpu_count())

def numpy_settings():
    import numpy
    for kind, action in numpy.geterr().items():
        yield "numpy.errstate." + kind, action
    try:
        blas = numpy.show_config(mode="dicts")["Build Dependencies"]["blas"]
        yield "numpy.blas", "%s %s" % (blas.get("name", ""), blas.get("version", ""))
    except Exception:
        pass

def pandas_settings():
    import pandas
    for name in ("mode.copy_on_write", "mode.use_inf_as_na", "mode.chained_assignment",
                 "mode.string_storage", "compute.use_bottleneck", "compute.use_numexpr",
                 "compute.use_numba", "future.infer_string", "future.no_silent_downcasting"):
        try:
            yield "pandas." + name, pandas.get_option(name)
        except Exception:
            pass

def sklearn_settings():
    import sklearn
    for name, value in sklearn.get_config().items():
        yield "sklearn." + name, value

def torch_settings():
    import torch
    yield "torch.default_dtype", torch.get_default_dtype()
    yield "torch.num_threads", torch.get_num_threads()
    yield "torch.deterministic_algorithms", torch.are_deterministic_algorithms_enabled()
    yield "torch.matmul_allow_tf32", torch.backends.cuda.matmul.allow_tf32
    yield "torch.cudnn_benchmark", torch.backends.cudnn.benchmark
    yield "torch.cudnn_deterministic", torch.backends.cudnn.deterministic

def thread_settings():
    import threadpoolctl
    for pool in threadpoolctl.threadpool_info():
        name = "threads." + str(pool.get("internal_api") or pool.get("user_api"))
        yield name, pool.get("num_threads")

for library, read in (("numpy", numpy_settings), ("pandas", pandas_settings),
                      ("sklearn", sklearn_settings), ("torch", torch_settings),
                      ("threadpoolctl", thread_settings)):
    try:
        if importlib.util.find_spec(library) is not None:
            settings.update((name, str(value)) for name, value in read())
    except Exception as error:
        print("plumbline: settings of %s: %s" % (library, error), file=sys.stderr)
with os.fdopen(out, "w") as stream:
    json.dump({"interpreter": {"name": platform.python_implementation(),
                               "version": platform.python_version()},
               "packages": packages, "seeds": seeds, "settings": settings, "keys": keys}, stream)
)python";

absl::Status Failed(const std::string& python, absl::string_view why) {
  return absl::FailedPreconditionError(absl::StrCat(python, ": ", why));
}

// All that comes through the pipe, up to the bound.
absl::StatusOr<std::string> ReadAll(int fd, const std::string& python) {
  std::string output;
  char buffer[1 << 16];
  while (true) {
    const ssize_t got = read(fd, buffer, sizeof(buffer));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Failed(python, std::strerror(errno));
    if (got == 0) return output;
    output.append(buffer, static_cast<size_t>(got));
    if (output.size() > kMaxOutputBytes) return Failed(python, "its output has no end");
  }
}

// What `python` prints when it runs `program`; `quiet`: its errors are dropped.
absl::StatusOr<std::string> Run(const std::string& python, const char* program, bool quiet) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return Failed(python, std::strerror(errno));
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  if (quiet) posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  std::string words[] = {python, "-c", program};
  char* argv[] = {words[0].data(), words[1].data(), words[2].data(), nullptr};
  pid_t child = 0;
  const int spawned = posix_spawnp(&child, python.c_str(), &actions, nullptr, argv, environ);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  absl::StatusOr<std::string> output =
      absl::InvalidArgumentError(absl::StrCat(python, " cannot be run: ", std::strerror(spawned)));
  if (spawned == 0) output = ReadAll(ends[0], python);
  close(ends[0]);
  if (spawned != 0) return output;
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (output.ok() && (!WIFEXITED(status) || WEXITSTATUS(status) != 0)) {
    return Failed(python, "it could not run the program that lists its packages");
  }
  return output;
}

}  // namespace

absl::Status CapturePython(const std::string& python, v1::Environment* environment) {
  const absl::StatusOr<std::string> probe = Run(python, kProbe, true);
  if (absl::IsInvalidArgument(probe.status())) return probe.status();  // it cannot be run
  if (!probe.ok() || !absl::EndsWith(*probe, kProbed)) return Failed(python, "it is not Python 3");
  const absl::StatusOr<std::string> output = Run(python, kProgram, false);
  if (!output.ok()) return output.status();
  v1::Environment captured;
  const absl::Status parsed = ParseJsonOrText(*output, &captured);
  if (output->empty() || !parsed.ok()) {
    return Failed(python, absl::StrCat("no list of its packages: ", parsed.message()));
  }
  environment->MergeFrom(captured);
  return absl::OkStatus();
}

}  // namespace plumbline::client
