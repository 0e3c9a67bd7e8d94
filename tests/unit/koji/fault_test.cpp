#include "koji/fault.hpp"

#include <gtest/gtest.h>

namespace nacre::koji {
namespace {

template <class Thrown>
FaultText fault_for(const Thrown& error) {
    return fault_of(std::make_exception_ptr(error));
}

TEST(KojiFault, KnowsTheClassNamesOfKoji) {
    EXPECT_EQ(class_name(FaultCode::GenericError), "GenericError");
    EXPECT_EQ(class_name(FaultCode::ContainerError), "ContainerError");
    EXPECT_EQ(class_name(static_cast<FaultCode>(4711)), "Fault");
}

TEST(KojiFault, KeepsItsOwnCodeAndText) {
    const FaultText fault = fault_for(Fault{FaultCode::TagError, "Package x not in list for t"});
    EXPECT_EQ(fault.code, FaultCode::TagError);
    EXPECT_EQ(fault.text, "Package x not in list for t");
}

TEST(KojiFault, IsMadeFromErrorsByTheirMeaning) {
    EXPECT_EQ(fault_for(Error{ErrorCode::PermissionDenied, "x"}).code, FaultCode::ActionNotAllowed);
    EXPECT_EQ(fault_for(Error{ErrorCode::Unauthenticated, "x"}).code, FaultCode::AuthError);
    EXPECT_EQ(fault_for(Error{ErrorCode::Unavailable, "x"}).code, FaultCode::ServerOffline);
    EXPECT_EQ(fault_for(Error{ErrorCode::InvalidArgument, "x"}).code, FaultCode::ParameterError);
    EXPECT_EQ(fault_for(Error{ErrorCode::Conflict, "x"}).code, FaultCode::GenericError);
    EXPECT_EQ(fault_for(Error{ErrorCode::Conflict, "x"}.with_hint("try y")).text, "x\nhint: try y");
}

TEST(KojiFault, LetsACancellationPass) {
    EXPECT_THROW(fault_for(Cancelled{}), Cancelled);
}

TEST(KojiFault, TellsWhichOnesAreWorthARetry) {
    const Fault offline{FaultCode::ServerOffline, "x"};
    const Fault generic{FaultCode::GenericError, "x"};
    EXPECT_TRUE(is_retryable(offline.code()));
    EXPECT_FALSE(is_retryable(generic.code()));
}

}  // namespace
}  // namespace nacre::koji
