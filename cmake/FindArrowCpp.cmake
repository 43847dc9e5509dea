# Finds Arrow C++ with Parquet, as the pyarrow wheel brings it along. Optional: without it no Parquet.
#
# Looks at ARROWCPP (variable or environment): the folder with include/arrow and the libraries in it
# or in lib/, that is the pyarrow folder of a wheel or the prefix of an installed Arrow; else the
# private folder that scripts/install-deps makes; else the system. Defines ArrowCpp::Parquet,
# ARROWCPP_VERSION, ARROWCPP_LIBRARY_DIR and ARROWCPP_LIBRARIES.
file(GLOB private ${CMAKE_SOURCE_DIR}/.deps/venv/lib/python3*/site-packages/pyarrow)
find_path(ARROWCPP_DIR include/parquet/arrow/reader.h
          PATHS ${ARROWCPP} $ENV{ARROWCPP} ${private} /usr/local /usr NO_DEFAULT_PATH)

# The libraries of a wheel have their version behind the .so, where find_library does not look.
set(ARROWCPP_LIBRARIES)
if(ARROWCPP_DIR)
  file(STRINGS ${ARROWCPP_DIR}/include/arrow/util/config.h line REGEX "define ARROW_VERSION_STRING")
  string(REGEX REPLACE ".*\"(.*)\".*" "\\1" ARROWCPP_VERSION "${line}")
  file(STRINGS ${ARROWCPP_DIR}/include/arrow/util/config.h line REGEX "define ARROW_SO_VERSION")
  string(REGEX REPLACE ".*\"(.*)\".*" "\\1" version "${line}")
  foreach(name parquet arrow)
    unset(library)
    foreach(dir ${ARROWCPP_DIR} ${ARROWCPP_DIR}/lib ${ARROWCPP_DIR}/lib/${CMAKE_LIBRARY_ARCHITECTURE})
      if(NOT library AND EXISTS ${dir}/lib${name}.so.${version})
        set(library ${dir}/lib${name}.so.${version})
        set(ARROWCPP_LIBRARY_DIR ${dir})
        list(APPEND ARROWCPP_LIBRARIES ${library})
      endif()
    endforeach()
  endforeach()
  list(LENGTH ARROWCPP_LIBRARIES found)
  if(NOT found EQUAL 2)
    unset(ARROWCPP_LIBRARY_DIR)
  endif()
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(ArrowCpp REQUIRED_VARS ARROWCPP_LIBRARY_DIR ARROWCPP_DIR
  VERSION_VAR ARROWCPP_VERSION REASON_FAILURE_MESSAGE
  "no Parquet input: run scripts/install-deps, or name an Arrow folder with ARROWCPP=/path")

if(ArrowCpp_FOUND AND NOT TARGET ArrowCpp::Parquet)
  add_library(ArrowCpp::Parquet INTERFACE IMPORTED)
  target_include_directories(ArrowCpp::Parquet SYSTEM INTERFACE ${ARROWCPP_DIR}/include)
  target_link_libraries(ArrowCpp::Parquet INTERFACE ${ARROWCPP_LIBRARIES})
endif()
