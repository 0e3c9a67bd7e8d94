# Every target of the project is declared by one of these functions, so that flags live here only.
set(NACRE_SANITIZERS "" CACHE STRING "Comma separated sanitizers: address,undefined or thread")
option(NACRE_WERROR "Treat warnings as errors" OFF)
option(NACRE_HARDENING "Hardening flags for packaged binaries" OFF)
option(NACRE_FUZZERS "Build libFuzzer targets (clang)" OFF)

find_program(NACRE_CCACHE ccache)
if(NACRE_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${NACRE_CCACHE}")
endif()

add_library(nacre_flags INTERFACE)
target_compile_options(nacre_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast -Wcast-align
  -Wnon-virtual-dtor -Woverloaded-virtual -Wdouble-promotion -Wformat=2
  -Wimplicit-fallthrough -Wundef -Wextra-semi
  # Designated initialisers name what differs from the defaults.
  -Wno-missing-field-initializers)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(nacre_flags INTERFACE
    -Wduplicated-cond -Wduplicated-branches -Wlogical-op -Wuseless-cast -Wsuggest-override
    -Wzero-as-null-pointer-constant)
else()
  target_compile_options(nacre_flags INTERFACE -Wthread-safety -Wno-gcc-compat)
endif()
if(NACRE_WERROR)
  target_compile_options(nacre_flags INTERFACE -Werror)
endif()
target_compile_definitions(nacre_flags INTERFACE $<$<CONFIG:Debug>:_GLIBCXX_ASSERTIONS>)
target_compile_options(nacre_flags INTERFACE "-ffile-prefix-map=${PROJECT_SOURCE_DIR}/=")
if(NACRE_SANITIZERS)
  # GCC warns about atomic fences under TSan (-Wtsan) and, instrumented for ASan, about
  # uninitialised members of optionals that are never read (-Wmaybe-uninitialized).
  target_compile_options(nacre_flags INTERFACE
    -fsanitize=${NACRE_SANITIZERS} -fno-omit-frame-pointer -fno-sanitize-recover=all
    -Wno-maybe-uninitialized)
  target_link_options(nacre_flags INTERFACE -fsanitize=${NACRE_SANITIZERS})
endif()
if(NACRE_FUZZERS)
  target_compile_options(nacre_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()

add_library(nacre_product_flags INTERFACE)
target_link_libraries(nacre_product_flags INTERFACE nacre_flags)
if(NACRE_HARDENING)
  target_compile_options(nacre_product_flags INTERFACE
    -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fstack-clash-protection -fcf-protection)
  target_link_options(nacre_product_flags INTERFACE -Wl,-z,relro -Wl,-z,now)
endif()

# Tests run what is optimised, and need not be so themselves: that is half of the time to build them.
add_library(nacre_test_flags INTERFACE)
target_link_libraries(nacre_test_flags INTERFACE nacre_flags)
target_compile_options(nacre_test_flags INTERFACE $<$<CONFIG:RelWithDebInfo>:-O0>)

# nacre_library(NAME store SOURCES ... DEPENDS oci os base): DEPENDS may name the same floor or
# lower ones only; tools/lint/layers.py compares the includes with this declaration. A library in a
# nested folder takes the folder's path with '_' for '/': src/api/koji is api_koji.
function(nacre_library)
  cmake_parse_arguments(arg "" "NAME" "SOURCES;DEPENDS;EXTERNAL" ${ARGN})
  add_library(nacre_${arg_NAME} STATIC ${arg_SOURCES})
  add_library(nacre::${arg_NAME} ALIAS nacre_${arg_NAME})
  target_include_directories(nacre_${arg_NAME} PUBLIC "${PROJECT_SOURCE_DIR}/src")
  list(TRANSFORM arg_DEPENDS PREPEND "nacre::")
  target_link_libraries(nacre_${arg_NAME} PUBLIC ${arg_DEPENDS} PRIVATE nacre_product_flags ${arg_EXTERNAL})
endfunction()

# nacre_program(NAME nacre SOURCES main.cpp DEPENDS cli): lands in build/<preset>/bin/.
function(nacre_program)
  cmake_parse_arguments(arg "" "NAME" "SOURCES;DEPENDS;EXTERNAL" ${ARGN})
  add_executable(${arg_NAME} ${arg_SOURCES})
  list(TRANSFORM arg_DEPENDS PREPEND "nacre::")
  target_link_libraries(${arg_NAME} PRIVATE ${arg_DEPENDS} nacre_product_flags ${arg_EXTERNAL})
endfunction()

# nacre_test(NAME unit_oci SOURCES ... DEPENDS oci [LABELS needs-root] [ON_POSTGRESQL|ONLY_ON_POSTGRESQL]): with ON_POSTGRESQL the
# tests take their databases from tests/support/test_database.hpp, and all of them are run once more as one test on a PostgreSQL.
function(nacre_test)
  cmake_parse_arguments(arg "ON_POSTGRESQL;ONLY_ON_POSTGRESQL" "NAME" "SOURCES;DEPENDS;EXTERNAL;LABELS" ${ARGN})
  if(arg_ON_POSTGRESQL OR arg_ONLY_ON_POSTGRESQL)
    list(APPEND arg_SOURCES
      "${PROJECT_SOURCE_DIR}/tests/support/test_database.cpp" "${PROJECT_SOURCE_DIR}/tests/support/postgres_server.cpp")
    list(APPEND arg_DEPENDS sql os base)
    list(REMOVE_DUPLICATES arg_DEPENDS)
  endif()
  add_executable(${arg_NAME} ${arg_SOURCES})
  list(TRANSFORM arg_DEPENDS PREPEND "nacre::")
  target_include_directories(${arg_NAME} PRIVATE "${PROJECT_SOURCE_DIR}/tests")
  target_compile_definitions(${arg_NAME} PRIVATE NACRE_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  target_link_libraries(${arg_NAME} PRIVATE
    ${arg_DEPENDS} nacre_test_flags GTest::gtest GTest::gmock GTest::gtest_main ${arg_EXTERNAL})
  target_precompile_headers(${arg_NAME} REUSE_FROM nacre_test_headers)
  set_target_properties(${arg_NAME} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/tests")
  if(arg_ONLY_ON_POSTGRESQL)
    # Registered below.
  elseif(arg_LABELS)
    gtest_discover_tests(${arg_NAME} DISCOVERY_MODE PRE_TEST PROPERTIES LABELS "${arg_LABELS}")
  else()
    gtest_discover_tests(${arg_NAME} DISCOVERY_MODE PRE_TEST)
  endif()
  if(arg_ON_POSTGRESQL OR arg_ONLY_ON_POSTGRESQL)
    add_test(NAME ${arg_NAME}_on_postgresql COMMAND ${arg_NAME} --database=postgresql)
    set_tests_properties(${arg_NAME}_on_postgresql PROPERTIES SKIP_RETURN_CODE 77)
  endif()
endfunction()

# nacre_fuzzer(NAME fuzz_dockerfile SOURCES ... DEPENDS ... CORPUS dir): libFuzzer under the fuzz
# preset; elsewhere a test that runs the corpus once.
function(nacre_fuzzer)
  cmake_parse_arguments(arg "" "NAME;CORPUS" "SOURCES;DEPENDS" ${ARGN})
  list(TRANSFORM arg_DEPENDS PREPEND "nacre::")
  if(NACRE_FUZZERS)
    add_executable(${arg_NAME} ${arg_SOURCES})
    target_link_options(${arg_NAME} PRIVATE -fsanitize=fuzzer)
  else()
    add_executable(${arg_NAME} ${arg_SOURCES} "${PROJECT_SOURCE_DIR}/tests/fuzz/run_corpus.cpp")
    add_test(NAME ${arg_NAME} COMMAND ${arg_NAME} "${arg_CORPUS}")
  endif()
  target_include_directories(${arg_NAME} PRIVATE "${PROJECT_SOURCE_DIR}/tests")
  target_link_libraries(${arg_NAME} PRIVATE ${arg_DEPENDS} nacre_test_flags)
  set_target_properties(${arg_NAME} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/fuzz")
endfunction()
