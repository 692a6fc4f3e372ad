// SPDX-License-Identifier: MIT
/*
 * Written for Node 8: no optional chaining, no spread. Functions of the runtime are taken when the
 * ring is made, so that an application that replaces them (fake timers in tests) is not called.
 *
 * What is used after a collection can only be asked for when the observer is called, one turn of
 * the event loop later: a little of new garbage is in it.
 *
 * The lag of the event loop is how long an immediate waits, which is prom-client's definition. The
 * round trip of a message would not tell it: V8 interrupts running JavaScript to answer.
 *
 * getActiveResourcesInfo() and its like make an array of all of them; where that takes more than
 * 3 ms three times in a row they are not called again. Of handles and requests there are only
 * numbers: their types are names of constructors, and reading these may run code of the
 * application.
 */
#include "collectors/inspector/expressions.h"

/* clang-format off */
const char expression_ring[] =
    "(function(r){try{"
    "var p=r('perf_hooks'),v=r('v8'),f=p.performance,c=p.constants||{},"
    "n=f.now.bind(f),g=setImmediate,"
    "s={b:[],lost:0,on:true,t:n(),lag:-1,res:true,slow:0,v:v,f:f,n:n,g:g,"
    "major:c.NODE_PERFORMANCE_GC_MAJOR||2,minor:c.NODE_PERFORMANCE_GC_MINOR||1};"
    "s.ob=new p.PerformanceObserver(function(l){try{"
    "if(n()-s.t>30000){s.ob.disconnect();s.on=false;s.b=[];return}"
    "var e=l.getEntries(),h=v.getHeapStatistics(),i;"
    "for(i=0;i<e.length;i++){"
    "if(s.b.length>=5*512){s.lost++;continue}"
    "s.b.push(e[i].detail?e[i].detail.kind:e[i].kind,e[i].startTime,e[i].duration,"
    "h.used_heap_size,h.total_heap_size)}"
    "}catch(x){}});"
    "s.ob.observe({entryTypes:['gc']});"
    "return s"
    "}catch(x){return null}})(typeof require==='function'?require:process.getBuiltinModule)";

const char expression_drain[] =
    "function(){try{"
    "var s=this,n=s.n(),h=s.v.getHeapStatistics(),m=process.memoryUsage(),"
    "o={e:s.b,lost:s.lost,on:s.on,now:n,major:s.major,minor:s.minor,lag:s.lag,"
    "used:h.used_heap_size,total:h.total_heap_size,limit:h.heap_size_limit,"
    "detached:h.number_of_detached_contexts,external:m.external,buffers:m.arrayBuffers,"
    "spaces:s.v.getHeapSpaceStatistics()};"
    "s.b=[];s.lost=0;s.t=n;s.lag=-1;"
    "if(!s.on){s.ob.observe({entryTypes:['gc']});s.on=true}"
    "if(s.f.eventLoopUtilization){var u=s.f.eventLoopUtilization();o.idle=u.idle;o.active=u.active}"
    "if(s.res){var q=s.n();"
    "if(process.getActiveResourcesInfo){"
    "var a=process.getActiveResourcesInfo(),k={},i;"
    "for(i=0;i<a.length&&i<20000;i++)k[a[i]]=(k[a[i]]||0)+1;"
    "o.resources=k;o.count=a.length}"
    "if(process._getActiveHandles&&process._getActiveRequests){"
    "o.handles=process._getActiveHandles().length;"
    "o.requests=process._getActiveRequests().length}"
    "if(s.n()-q<=3)s.slow=0;else if(++s.slow>2)s.res=false}"
    "s.g(function(){try{s.lag=s.n()-n}catch(x){}});"
    "return o"
    "}catch(x){return null}}";

const char expression_stop[] =
    "function(){try{this.ob.disconnect();this.on=false;this.b=[]}catch(x){}}";
/* clang-format on */
